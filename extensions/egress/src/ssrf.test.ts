import { describe, expect, it } from "vitest";

import { startServer, redirectAsAsked } from "./canary.test.support.ts";
import type { LoopbackServer } from "./canary.test.support.ts";
import { createCheckedFetch } from "./checked-fetch.ts";
import type { CheckedFetchOptions } from "./checked-fetch.ts";
import type { Lookup } from "./resolve-checked.ts";
import { innerHosts, innerNames, loopbackSpellings, oddUrls } from "./ssrf-tricks.test.support.ts";

const caller = { tenant: "test" };

/** The worst resolver there can be: every name leads to the canary. */
const toLoopback: Lookup = async () => ["127.0.0.1"];

/** The code with which a request is refused, or what the answer was. */
async function attempt(fetch: typeof globalThis.fetch, url: string, init?: RequestInit): Promise<string> {
  try {
    return await (await fetch(url, init)).text();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

const refusals = ["egress.denied", "egress.invalid_url"];

/** Tries every URL and returns those that were answered, or refused for another reason than the rules. */
async function notRefused(
  urls: readonly string[],
  options: Partial<CheckedFetchOptions> = {},
): Promise<readonly string[]> {
  await using client = createCheckedFetch({ caller, lookup: toLoopback, ...options });
  const outcomes: string[] = [];
  for (const url of urls) {
    const outcome = await attempt(client.fetch, url);
    if (!refusals.includes(outcome)) outcomes.push(`${url}: ${outcome}`);
  }
  return outcomes;
}

function at(hosts: readonly string[], { port }: LoopbackServer, scheme = "http"): readonly string[] {
  return hosts.map((host) => `${scheme}://${host}:${port}/`);
}

describe("the checked client", () => {
  it("knows more than 300 ways to be talked into something", () => {
    const all = [...loopbackSpellings, ...innerHosts, ...innerNames, ...oddUrls];
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(300);
  });

  it.each([
    ["spellings of loopback", loopbackSpellings],
    ["addresses of clouds and networks", innerHosts],
    ["names that lead inside", innerNames],
  ])("reaches nothing through %s", async (_, hosts) => {
    const canary = await startServer();

    expect(await notRefused([...at(hosts, canary), ...at(hosts, canary, "https")])).toEqual([]);

    expect(canary.visits()).toBe(0);
  });

  it("reaches nothing through odd URLs", async () => {
    const canary = await startServer();

    expect(await notRefused(oddUrls.map((url) => url.replaceAll("PORT", String(canary.port))))).toEqual([]);

    expect(canary.visits()).toBe(0);
  });

  it("reaches nothing through a redirect of a host that may be reached", async () => {
    const canary = await startServer();
    const outside = await startServer(redirectAsAsked, { host: "127.0.0.2" });
    const targets = [
      ...at([...loopbackSpellings, ...innerHosts, ...innerNames], canary).filter(
        (url) => !url.includes("//127.0.0.2:"),
      ),
      ...oddUrls.map((url) => url.replaceAll("PORT", String(canary.port))),
    ];
    await using client = createCheckedFetch({
      caller,
      addresses: ["127.0.0.2"],
      lookup: async (host) => [host === "outside.example" ? "127.0.0.2" : "127.0.0.1"],
    });

    const answers = new Set<string>();
    for (const target of targets) {
      const start = `http://outside.example:${outside.port}/?to=${encodeURIComponent(target)}`;
      answers.add(await attempt(client.fetch, start));
    }

    expect(canary.visits()).toBe(0);
    expect(outside.requests.length).toBeGreaterThanOrEqual(targets.length);
    expect([...answers].filter((answer) => answer.includes("reached"))).toEqual([]);
  });

  it("is aimed at by spellings that work: without the policy they reach the canary", async () => {
    const canary = await startServer();
    const others =
      /127\.0\.0\.2|127\.1\.1|127\.127|127\.255|65534|16777214|\[|^0+$|^0\.0|^0x0?$|^00000000|%30/u;
    const aimed = loopbackSpellings.filter((host) => !others.test(host));

    const missed = await notRefused(at(aimed, canary), { addresses: ["127.0.0.1"] });

    expect(missed.filter((line) => !line.endsWith(": reached"))).toEqual([]);
    expect(missed.length).toBeGreaterThan(45);
    expect(canary.visits()).toBeGreaterThan(0);
  });

  it.each(["Host", "X-Forwarded-Host", "Connection", "Proxy-Authorization"])(
    "sends no %s header that could mean another host",
    async (name) => {
      const outside = await startServer(undefined, { host: "127.0.0.2" });
      await using client = createCheckedFetch({
        caller,
        addresses: ["127.0.0.2"],
        lookup: async () => ["127.0.0.2"],
      });

      await attempt(client.fetch, `http://outside.example:${outside.port}/`, {
        headers: { [name]: "127.0.0.1" },
      });

      const [request] = outside.requests;
      expect(request?.headers.host).toBe(`outside.example:${outside.port}`);
      expect(request?.headers.connection).toBe("keep-alive");
      expect(request?.headers["proxy-authorization"]).toBeUndefined();
    },
  );
});

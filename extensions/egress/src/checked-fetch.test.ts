import { describe, expect, it } from "vitest";

import type { EgressRow } from "./audit.ts";
import { redirectAsAsked, startServer } from "./canary.test.support.ts";
import { createCheckedFetch } from "./checked-fetch.ts";
import type { CheckedFetch, CheckedFetchOptions } from "./checked-fetch.ts";

interface Audited extends CheckedFetch {
  readonly rows: readonly EgressRow[];
}

/** A client for which 127.0.0.1 is a public address and every name leads there. */
function audited(options: Partial<CheckedFetchOptions> = {}): Audited {
  const rows: EgressRow[] = [];
  const client = createCheckedFetch({
    caller: { tenant: "acme", session: "s1", commands: ["call-1"] },
    addresses: ["127.0.0.1"],
    lookup: async () => ["127.0.0.1"],
    audit: { write: (row) => rows.push(row) },
    ...options,
  });
  return { ...client, rows };
}

describe("createCheckedFetch()", () => {
  it("fetches, and writes a row without query, credential or body", async () => {
    const server = await startServer((_, response) => response.writeHead(201).end("hello"));
    await using client = audited();

    const response = await client.fetch(`http://api.example:${server.port}/v1/items?key=s3cret`, {
      method: "POST",
      headers: { authorization: "Bearer s3cret" },
      body: "s3cret body",
    });

    expect([response.status, await response.text()]).toEqual([201, "hello"]);
    expect(client.rows).toEqual([
      {
        tenant: "acme",
        session: "s1",
        commands: ["call-1"],
        at: expect.any(Number),
        via: "fetch",
        host: "api.example",
        port: server.port,
        address: "127.0.0.1",
        method: "POST",
        path: "/v1/items",
        status: 201,
        bytesSent: 11,
        bytesReceived: 5,
        durationMs: expect.any(Number),
        decision: "allowed",
      },
    ]);
  });

  it("names another caller in its rows when there is one", async () => {
    const server = await startServer();
    await using client = audited();

    const response = await client.fetchFor({ tenant: "other", commands: ["call-9"] })(
      `http://a.example:${server.port}/`,
    );
    await response.text();

    expect(client.rows).toMatchObject([{ tenant: "other", commands: ["call-9"] }]);
    expect(client.rows[0]).not.toHaveProperty("session");
  });

  it("takes every kind of body, and every way to name a request", async () => {
    const bodies: string[] = [];
    const server = await startServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        bodies.push(`${request.headers["content-type"]} ${Buffer.concat(chunks).toString()}`);
        response.end();
      });
    });
    await using client = audited();
    const url = `http://api.example:${server.port}/`;
    const form = new FormData();
    form.set("a", "b");

    await client.fetch(new URL(url), { method: "POST", body: new URLSearchParams({ a: "b" }) });
    await client.fetch(url, { method: "POST", body: form });
    await client.fetch(new Request(url, { method: "POST", body: "text" }));
    await client.fetch(url, { method: "POST", body: new Blob(["blob"]).stream(), duplex: "half" });

    expect(bodies).toEqual([
      "application/x-www-form-urlencoded;charset=UTF-8 a=b",
      expect.stringMatching(/^multipart\/form-data; boundary=.*name="a"\r\n\r\nb\r\n/su),
      "text/plain;charset=UTF-8 text",
      "undefined blob",
    ]);
  });

  it("follows five redirects and no sixth, with a row for each request", async () => {
    const server = await startServer((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end("there");
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    await using client = audited();

    const response = await client.fetch(`http://a.example:${server.port}/5`);
    expect([await response.text(), client.rows.length]).toEqual(["there", 6]);
    await expect(client.fetch(`http://a.example:${server.port}/6`)).rejects.toMatchObject({
      code: "egress.too_many_redirects",
    });
    expect(client.rows.map(({ status }) => status)).toEqual([
      302, 302, 302, 302, 302, 200, 302, 302, 302, 302, 302, 302,
    ]);
  });

  it("takes credentials along to no other origin", async () => {
    const other = await startServer();
    const first = await startServer(redirectAsAsked);
    await using client = audited();

    await client.fetch(`http://a.example:${first.port}/?to=http://b.example:${other.port}/`, {
      headers: { authorization: "Bearer s3cret", cookie: "id=s3cret", "x-plain": "1" },
    });

    const [request] = other.requests;
    expect(request?.headers).toMatchObject({ "x-plain": "1" });
    expect(JSON.stringify(request?.headers)).not.toContain("s3cret");
  });

  it("reaches only listed hosts, and says so in a row of its own", async () => {
    const server = await startServer(redirectAsAsked);
    await using client = audited({ hosts: [`a.example:${server.port}`] });
    const start = `http://a.example:${server.port}/`;

    await client.fetch(start, { redirect: "manual" });
    await expect(client.fetch(`http://b.example:${server.port}/`)).rejects.toMatchObject({
      code: "egress.denied",
      message: `The network refuses this: b.example:${server.port} is not among the hosts that may be reached (a.example:${server.port}).`,
    });
    await expect(client.fetch(`${start}?to=http://b.example/`)).rejects.toMatchObject({
      code: "egress.denied",
    });

    expect(client.rows.map(({ host, decision, address }) => [host, decision, address])).toEqual([
      ["a.example", "allowed", "127.0.0.1"],
      ["b.example", "denied", undefined],
      ["a.example", "allowed", "127.0.0.1"],
      ["b.example", "denied", undefined],
    ]);
    expect(client.rows[1]?.reason).toContain("not among the hosts");
  });

  it("writes rows for addresses that are refused, for failures and for what is given up", async () => {
    const silent = await startServer((request) => request.resume());
    const rows: EgressRow[] = [];
    {
      await using client = audited({ audit: { write: (row) => rows.push(row) } });
      await expect(client.fetch("http://10.0.0.1/")).rejects.toMatchObject({ code: "egress.denied" });
      await expect(client.fetch("http://a.example:2/")).rejects.toMatchObject({ code: "egress.failed" });
      const giveUp = new AbortController();
      const fetching = client.fetch(`http://a.example:${silent.port}/`, { signal: giveUp.signal });
      await expect.poll(() => silent.requests.length, { timeout: 30_000 }).toBe(1);
      giveUp.abort(new Error("enough"));
      await expect(fetching).rejects.toThrow("enough");
      const pending = client.fetch(`http://a.example:${silent.port}/left`).catch(() => undefined);
      await expect.poll(() => silent.requests.length, { timeout: 30_000 }).toBe(2);
      await client[Symbol.asyncDispose]();
      await pending;
    }

    expect(rows.map(({ host, decision }) => [host, decision])).toEqual([
      ["10.0.0.1", "denied"],
      ["a.example", "failed"],
      ["a.example", "failed"],
      ["a.example", "failed"],
    ]);
  });

  it("writes a row for an answer that nobody reads to its end", async () => {
    const server = await startServer((_, response) => response.end("x".repeat(5_000_000)));
    const client = audited();
    const response = await client.fetch(`http://a.example:${server.port}/`);

    await client[Symbol.asyncDispose]();

    expect(response.status).toBe(200);
    await expect
      .poll(() => client.rows, { timeout: 30_000 })
      .toMatchObject([{ status: 200, decision: "failed" }]);
  });

  it("refuses a URL that it cannot read", async () => {
    await using client = audited();
    for (const url of [
      "file:///etc/passwd",
      "http://a:b@example.org/",
      "nonsense",
      `http://a.example/${"x".repeat(9000)}`,
    ])
      await expect(client.fetch(url)).rejects.toMatchObject({ code: "egress.invalid_url" });
  });
});

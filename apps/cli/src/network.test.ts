import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";

interface Service {
  readonly host: string;
  /** What it was asked, with the credential that came along. */
  readonly asked: readonly string[];
}

/** A service of this machine, which is reachable only because it is named. */
async function startService(): Promise<Service> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`);
    response.setHeader("content-type", "text/html");
    response.end(
      `<html><body><h1>Hello</h1><p>You sent ${request.headers.authorization ?? "nothing"}.</p></body></html>`,
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { host: `localhost:${typeof address === "object" ? address?.port : ""}`, asked };
}

const bash = (command: string): { name: string; arguments: { command: string } } => ({
  name: "bash",
  arguments: { command },
});

describe("named hosts", () => {
  test("are all that commands and tools reach, with a line for each request, and secrets only on the way", async () => {
    await using place = await createPlace();
    const service = await startService();
    const secret = "the-real-secret-123";
    await place.write(
      "tau.toml",
      `[network]\nhosts = ["${service.host}"]\n[[credentials]]\nname = "service"\nhost = "${service.host}"\nvariable = "TOKEN"\nsecret = "env:REAL"\nplain_http = true\n`,
    );
    await using model = await startScripted({
      turns: [
        {
          text: "Looking.",
          toolCalls: [
            bash(
              `curl -sS -H "authorization: $TOKEN" http://${service.host}/api; curl -sS http://evil.example/; env`,
            ),
            { name: "fetch", arguments: { url: `http://${service.host}/page` } },
            { name: "fetch", arguments: { url: "http://169.254.169.254/" } },
            { name: "http", arguments: { method: "POST", url: `http://${service.host}/` } },
          ],
        },
        { text: "Done." },
      ],
    });

    const run = place.spawn(["run", "--config", "tau.toml", "--json", ...model.options, "Look"], {
      env: { REAL: secret },
    });
    const { code, stdout, stderr } = await run.ended;

    expect([code, stderr]).toEqual([0, ""]);
    expect(service.asked).toEqual([`GET /api ${secret}`, "GET /page -"]);
    expect(stdout).toMatch(/You sent tau-placeholder-[0-9a-f]{32}/u);
    expect(stdout).toContain(
      "tau: The network refuses this: evil.example is not among the hosts that may be reached",
    );
    expect(stdout).toContain("# Hello");
    expect(stdout).toMatch(/No rule covers connecting to 169\.254\.169\.254/u);
    expect(stdout).toMatch(/No rule covers sending to localhost/u);
    expect(stdout).not.toContain(secret);
    const log = join(place.base, "tau", "egress.jsonl");
    const lines = (await readFile(log, "utf8")).trimEnd().split("\n");
    expect(lines.join()).not.toContain(secret);
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      {
        tenant: "local",
        session: expect.any(String),
        commands: [expect.any(String)],
        method: "GET",
        path: "/api",
        credentials: ["service"],
      },
      { via: "proxy", method: "DNS", host: "evil.example", decision: "denied" },
      { via: "fetch", method: "GET", path: "/page", session: expect.any(String), decision: "allowed" },
    ]);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
  });

  test("are what tau doctor opens, with the credentials that it can read", async () => {
    await using place = await createPlace();
    const config = `[network]\nhosts = ["api.example.org"]\n[[credentials]]\nname = "service"\nhost = "api.example.org"\nvariable = "TOKEN"\nsecret = "env:NOT_SET_ANYWHERE"\n`;
    await place.write("tau.toml", config);
    const { stdout } = await place.tau(["doctor", "--config", "tau.toml"]);
    expect(stdout).toMatch(
      /✓ network +commands reach api\.example\.org; with service for api\.example\.org/u,
    );
    expect(stdout).toMatch(
      /✗ network +credentials\.secret names the environment variable NOT_SET_ANYWHERE, which is not set/u,
    );
    await place.write("tau.toml", '[network]\nhosts = ["*.org"]\n');
    expect((await place.tau(["doctor", "--config", "tau.toml"])).stdout).toMatch(
      /✗ network .*covers names of many owners/u,
    );
    await place.write("tau.toml", '[network]\nhosts = ["a.example"]\n');
    expect((await place.tau(["doctor", "--config", "tau.toml", "-e", "host"])).stdout).toContain(
      "nothing keeps commands on the host",
    );
    expect((await place.tau(["doctor", "--config", "tau.toml", "--network"])).stdout).toContain(
      "all of this machine's",
    );
  });

  test("of a search service give agents web_search, when it can be asked", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [
        { text: "I search.", toolCalls: [{ name: "web_search", arguments: { query: "tau" } }] },
        { text: "Found." },
      ],
    });
    await place.write("tau.toml", '[web]\nsearch = "brave"\n');
    const without = await place.tau(["run", "--config", "tau.toml", ...model.options, "hi"]);
    expect(without.stderr).toContain("web.search is brave, which needs web.api_key");
    await place.write("tau.toml", '[web]\nsearch = "searxng"\n');
    const nowhere = await place.tau(["run", "--config", "tau.toml", ...model.options, "hi"]);
    expect(nowhere.stderr).toContain("web.search is searxng, which needs web.base_url");

    const service = createServer((request, response) => {
      const results = [{ title: `About ${request.url}`, url: "https://tau.example/", content: "A kernel." }];
      response.end(JSON.stringify({ results }));
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    onTestFinished(() => {
      service.closeAllConnections();
      service.close();
    });
    const address = service.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await place.write("tau.toml", `[web]\nsearch = "searxng"\nbase_url = "http://127.0.0.1:${port}"\n`);
    const { code, stdout } = await place.tau([
      "run",
      "--config",
      "tau.toml",
      "--json",
      ...model.options,
      "hi",
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("1. About /search?q=tau&format=json");
    const line = await readFile(join(place.base, "tau", "egress.jsonl"), "utf8");
    expect(JSON.parse(line)).toMatchObject({ host: "127.0.0.1", path: "/search", decision: "allowed" });
  });
});

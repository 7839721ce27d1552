import { connect } from "node:net";

import { createTauClient } from "@tau/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openHarness } from "./server-harness.test.support.ts";
import type { Harness } from "./server-harness.test.support.ts";

let harness: Harness;

beforeAll(async () => {
  harness = await openHarness();
  using client = createTauClient({ baseUrl: harness.server.url });
  await client.createSession({ externalId: "s1" });
});

afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

/** Sends the head of a request as it is, and answers the beginning of what comes back. */
async function said(head: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(harness.server.port, "127.0.0.1", () => socket.write(head));
    socket.once("data", (data) => {
      resolve(data.toString("latin1"));
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(""));
  });
}

const feed = "/v1/sessions/s1/events";

describe("a server that is asked for an odd address", () => {
  it.each([
    ["no URL", `GET //[::${feed} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`],
    ["no host", `GET ${feed} HTTP/1.0\r\n\r\n`],
    ["a host that is none", `GET ${feed} HTTP/1.1\r\nHost: [::\r\n\r\n`],
    ["a port that is none", `GET ${feed} HTTP/1.1\r\nHost: 127.0.0.1:99999\r\n\r\n`],
    ["no URL of a call", `POST //[::/tau HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n`],
  ])("refuses it and goes on: %s", async (_, head) => {
    expect(await said(head)).toMatch(/^HTTP\/1\.1 400 /u);
    expect(await said("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /u);
  });

  it.each([["//127.0.0.1"], ["/\\127.0.0.1"], ["//localhost"], ["http://127.0.0.1"], ["\\\\127.0.0.1"]])(
    "believes the host of the connection, not one in the path: %s",
    async (prefix) => {
      const answer = await said(`GET ${prefix}${feed} HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 40[03] /u);
      expect(answer).not.toContain("sessionCreated");
    },
  );

  it("takes an address in full, as proxies write it", async () => {
    const answer = await said(`GET http://127.0.0.1${feed} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /u);
  });
});

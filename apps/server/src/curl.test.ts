import { execFile, spawn } from "node:child_process";

import { TauError } from "@tau/core";
import { expect, it } from "vitest";

import { openHarness, waitForEnd } from "./server-harness.test.support.ts";

const service = "tau.runtime.v1.RuntimeService";

async function curl(...args: readonly string[]): Promise<{ readonly status: number; readonly body: string }> {
  return await new Promise((resolve, reject) => {
    execFile("curl", ["-sS", "-w", "\n%{http_code}", ...args], (error, stdout) => {
      if (error !== null) return reject(error);
      const end = stdout.lastIndexOf("\n");
      resolve({ status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) });
    });
  });
}

function post(
  url: string,
  method: string,
  body: object,
  ...args: readonly string[]
): ReturnType<typeof curl> {
  const data = ["-H", "content-type: application/json", "-d", JSON.stringify(body)];
  return curl(...data, ...args, `${url}/${service}/${method}`);
}

it.each([["--http1.1"], ["--http2-prior-knowledge"]])("speaks JSON to plain curl %s", async (version) => {
  await using harness = await openHarness();
  const { url } = harness.server;
  const created = await post(url, "CreateSession", { externalId: "s1" }, version);
  expect(created.status).toBe(200);
  expect(JSON.parse(created.body)).toMatchObject({ sessionId: "s1", session: { version: "1" } });

  const query = `?encoding=json&message=${encodeURIComponent('{"sessionId":"s1"}')}`;
  const got = await curl(version, `${url}/${service}/GetSession${query}`);
  expect(JSON.parse(got.body)).toMatchObject({ sessionId: "s1", status: "SESSION_STATUS_ACTIVE" });
});

it("answers an HTTP/2 request that arrives in one piece with the beginning of its connection", async () => {
  await using harness = await openHarness();
  const query = `?encoding=json&message=${encodeURIComponent("{}")}`;
  const url = `${harness.server.url}/${service}/ListSessions${query}`;
  for (let i = 0; i < 5; i++) {
    const answers = Array.from({ length: 4 }, () => curl("--http2-prior-knowledge", url));
    // The server reads only after curl has sent everything it has to say.
    const busyUntil = performance.now() + 60;
    while (performance.now() < busyUntil);
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  }
});

it("answers probes, and 404 with a hint to everything else", async () => {
  await using harness = await openHarness();
  const { url } = harness.server;
  expect(await curl(`${url}/livez`)).toEqual({ status: 200, body: "ok\n" });
  expect(await curl(`${url}/readyz`)).toEqual({ status: 200, body: "ok\n" });
  expect(await curl(`${url}/`)).toMatchObject({ status: 404 });
});

it("lives before it is ready, and takes calls only then", async () => {
  const { promise: started, resolve: letStart } = Promise.withResolvers<void>();
  const { promise: listening, resolve: onUrl } = Promise.withResolvers<string>();
  const opening = openHarness({
    observer: ({ name, attributes }) => {
      if (name === "server.listening") onUrl(JSON.stringify(attributes["url"]).slice(1, -1));
    },
    wrap: (runtime) => ({
      ...runtime,
      start: async () => {
        await started;
        await runtime.start();
      },
    }),
  });
  const url = await listening;
  expect(await curl(`${url}/livez`)).toMatchObject({ status: 200 });
  expect(await curl(`${url}/readyz`)).toMatchObject({ status: 503 });
  const early = await post(url, "CreateSession", {});
  expect(early.status).toBe(503);
  expect(early.body).toContain('"code":"server.not_ready"');
  letStart();
  await using harness = await opening;
  expect(await curl(`${harness.server.url}/readyz`)).toMatchObject({ status: 200 });
  expect(await post(url, "CreateSession", {})).toMatchObject({ status: 200 });
});

it("passes on why the runtime cannot start, and listens no more", async () => {
  const broken = new TauError("journal.unavailable", "The disk is gone.", { class: "retryable" });
  const { promise: listening, resolve: onUrl } = Promise.withResolvers<string>();
  await expect(
    openHarness({
      observer: ({ name, attributes }) => {
        if (name === "server.listening") onUrl(JSON.stringify(attributes["url"]).slice(1, -1));
      },
      wrap: (runtime) => ({ ...runtime, start: () => Promise.reject(broken) }),
    }),
  ).rejects.toBe(broken);
  await expect(curl(`${await listening}/livez`)).rejects.toThrow("Failed to connect");
});

it("cancels the run, and its tool process, when curl goes away", async () => {
  await using harness = await openHarness();
  const { url } = harness.server;
  await post(url, "CreateSession", { externalId: "s1" });
  // A stream of the Connect protocol wants its message in an envelope: a flag byte and four of length.
  const message = Buffer.from(JSON.stringify({ sessionId: "s1", prompt: "sleep" }));
  const envelope = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const child = spawn("curl", [
    "-sS",
    "--no-buffer",
    "-H",
    "content-type: application/connect+json",
    "--data-binary",
    "@-",
    `${url}/${service}/Run`,
  ]);
  child.stdin.end(envelope);
  child.stdout.resume();
  const tool = await harness.nextToolProcess();
  child.kill();
  expect(await tool.ended).toBe("SIGKILL");
  expect(await waitForEnd(harness.journal, "s1")).toContain('"cancelled"');
});

it("cancels the run at the deadline that curl names", async () => {
  await using harness = await openHarness();
  const { url } = harness.server;
  await post(url, "CreateSession", { externalId: "s1" });
  const message = Buffer.from(JSON.stringify({ sessionId: "s1", prompt: "sleep" }));
  const envelope = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const child = spawn("curl", [
    "-sS",
    "-H",
    "content-type: application/connect+json",
    "-H",
    "connect-timeout-ms: 1500",
    "--data-binary",
    "@-",
    `${url}/${service}/Run`,
  ]);
  child.stdin.end(envelope);
  const tool = await harness.nextToolProcess();
  const output = (await child.stdout.toArray()).join("");
  expect(output).toContain("deadline_exceeded");
  expect(output).toContain("tau.runtime.v1.ErrorDetail");
  expect(await tool.ended).toBe("SIGKILL");
  expect(await waitForEnd(harness.journal, "s1")).toContain('"deadline"');
});

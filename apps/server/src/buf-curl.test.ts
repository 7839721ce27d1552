import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

import { openHarness, waitForEnd } from "./server-harness.test.support.ts";

const protoFolder = fileURLToPath(new URL("../../../proto", import.meta.url));
const buf = fileURLToPath(new URL("../../../node_modules/.bin/buf", import.meta.url));
const service = "tau.runtime.v1.RuntimeService";

const protocols = [
  ["connect", ["--protocol", "connect"]],
  ["connect over h2c", ["--protocol", "connect", "--http2-prior-knowledge"]],
  ["grpc", ["--protocol", "grpc", "--http2-prior-knowledge"]],
  ["grpcweb", ["--protocol", "grpcweb"]],
] as const;

interface Started {
  readonly kill: () => void;
  readonly ended: Promise<{ readonly output: string; readonly errors: string }>;
}

function start(url: string, method: string, body: object, flags: readonly string[]): Started {
  // A process group of its own: `buf` is a script that starts the program, and outlives it.
  const flagsAndUrl = [...flags, "--schema", protoFolder, `${url}/${service}/${method}`];
  const child = spawn(buf, ["curl", "--data", JSON.stringify(body), ...flagsAndUrl], { detached: true });
  const text = async (stream: typeof child.stdout): Promise<string> => (await stream.toArray()).join("");
  const ended = Promise.all([text(child.stdout), text(child.stderr)]);
  return {
    kill() {
      if (child.pid !== undefined) process.kill(-child.pid);
    },
    ended: ended.then(([output, errors]) => ({ output, errors })),
  };
}

it.each(protocols)("serves buf curl with %s", async (_name, flags) => {
  await using harness = await openHarness();
  const { url } = harness.server;
  const created = await start(url, "CreateSession", { externalId: "s1" }, flags).ended;
  expect(JSON.parse(created.output)).toMatchObject({ sessionId: "s1" });
  const { output } = await start(url, "Run", { sessionId: "s1", prompt: "Hello" }, flags).ended;
  expect(output).toContain("You said: Hello");
  expect(output).toContain("RUN_END_REASON_ANSWERED");
  const refused = await start(url, "GetSession", { sessionId: "" }, flags).ended;
  expect(refused.errors).toContain("session_id is missing; give an id");
  expect(refused.errors).toContain("invalid_argument");
});

it.each(protocols)(
  "cancels the run, and its tool process, when buf curl with %s goes away",
  async (_name, flags) => {
    await using harness = await openHarness();
    const { url } = harness.server;
    await harness.runtime.createSession(
      { externalId: "s1" },
      {
        tenant: "local",
        principal: { id: "test", kind: "person", scopes: [] },
        traceId: "0".repeat(32),
        signal: AbortSignal.timeout(20_000),
      },
    );
    const running = start(url, "Run", { sessionId: "s1", prompt: "sleep" }, flags);
    const tool = await harness.nextToolProcess();
    running.kill();
    expect(await tool.ended).toBe("SIGKILL");
    expect(await waitForEnd(harness.journal, "s1")).toContain('"cancelled"');
    await running.ended;
  },
);

// Long, so that it also suffices on a busy machine; concurrent, so that nobody waits four times.
it.concurrent.each(protocols)("cancels the run at the deadline of buf curl with %s", async (_name, flags) => {
  await using harness = await openHarness();
  const { url } = harness.server;
  await start(url, "CreateSession", { externalId: "s1" }, flags).ended;
  const running = start(url, "Run", { sessionId: "s1", prompt: "sleep" }, [...flags, "--timeout", "5s"]);
  const tool = await harness.nextToolProcess();
  expect((await running.ended).errors).toContain("deadline_exceeded");
  expect(await tool.ended).toBe("SIGKILL");
  expect(await waitForEnd(harness.journal, "s1")).toMatch(/"deadline"|"cancelled"/);
});

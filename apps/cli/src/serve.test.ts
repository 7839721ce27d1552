import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import type { ContextEntry } from "@tau/core";
import { expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";

const run = promisify(execFile);
const token = "a-token-of-more-than-16-characters";

test("tau serve answers curl, is followed by tau attach, asks for its token, and stops when told", async () => {
  await using place = await createPlace();
  await using model = await startScripted({ turns: [{ text: "Served." }] });
  const env = { TAU_TOKEN: token };
  const serving = place.spawn(["serve", "--port", "0", "--token", "env:TAU_TOKEN", ...model.options], {
    env,
  });
  await serving.until("Ctrl-C stops.");
  const [, url = ""] =
    /Serving \S+ on (\S+) \(jail, workspace-write, compatible scripted\)/u.exec(serving.output()) ?? [];
  const call = async (method: string, body: object): Promise<string> => {
    const headers = ["-H", "content-type: application/json", "-H", `authorization: Bearer ${token}`];
    const { stdout } = await run("curl", [
      "-s",
      ...headers,
      "-d",
      JSON.stringify(body),
      `${url}/tau.runtime.v1.RuntimeService/${method}`,
    ]);
    return stdout;
  };
  const created: { readonly session: { readonly sessionId: string } } = JSON.parse(
    await call("CreateSession", {}),
  );
  const { sessionId } = created.session;

  const refused = await place.tau(["attach", sessionId, "--server", url]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^tau: .*\[/u)]);

  const attached = place.spawn(["attach", sessionId, "--server", url, "--token", "env:TAU_TOKEN"], { env });
  const { createTauClient } = await import("@tau/client");
  using client = createTauClient({ baseUrl: url, token });
  for await (const one of client.run({ sessionId, prompt: "hi" }))
    if (one.kind === "event" && one.event.type === "run_finished") break;
  await attached.until("Served.\n■ done");
  attached.child.kill("SIGINT");
  expect((await attached.ended).code).toBe(0);

  serving.child.kill("SIGTERM");
  const { code, stdout } = await serving.ended;
  expect(stdout).toContain("Stopping.");
  expect(code).toBe(0);
});

test("tau serve goes on with interrupted runs of its folder, says so, and leaves others alone", async () => {
  await using place = await createPlace();
  await using slow = await startScripted({ turns: [{ firstDelayMs: 60_000, text: "late" }] });
  const other = join(place.base, "other");
  await mkdir(other);
  const interrupt = async (folder: string): Promise<string> => {
    const running = place.spawn(["run", ...slow.options, "--json", "-C", folder, "hi"]);
    await running.until('"run_started"');
    running.child.kill("SIGKILL");
    await running.ended;
    return /"sessionId":"([^"]+)"/u.exec(running.output())?.[1] ?? "";
  };
  const [here, there] = [await interrupt(place.cwd), await interrupt(other)];
  await using quick = await startScripted({ turns: [{ text: "On time." }] });

  const serving = place.spawn(["serve", "--port", "0", ...quick.options]);
  await serving.until(`Going on with interrupted sessions: ${here}`);
  const [, url = ""] = /Serving \S+ on (\S+) /u.exec(serving.output()) ?? [];
  const { createTauClient } = await import("@tau/client");
  using client = createTauClient({ baseUrl: url });
  let status = "";
  for await (const one of client.attach({ sessionId: here, fromSeq: 1 })) {
    if (one.kind !== "event" || one.event.type !== "run_finished") continue;
    status = one.event.status;
    break;
  }
  expect(status).toBe("completed");
  serving.child.kill("SIGTERM");
  const { stdout } = await serving.ended;

  expect(stdout).not.toContain(there);
  expect((await place.tau(["sessions", "show", there])).stdout).not.toContain("failed");
});

test("tau serve begins sessions as tau run does: with the folder's instructions, as they are then", async () => {
  await using place = await createPlace();
  await using model = await startScripted({ turns: [] });
  await place.write("AGENTS.md", "Use tabs.");
  await place.write("sub/AGENTS.md", "Use spaces.");
  const outside = join(place.base, "other");
  await mkdir(outside);
  await writeFile(join(outside, "AGENTS.md"), "Out of bounds.");
  const serving = place.spawn(["serve", "--port", "0", ...model.options]);
  await serving.until("Instructions: AGENTS.md");
  const [, url = ""] = /Serving \S+ on (\S+) /u.exec(serving.output()) ?? [];
  const { createTauClient } = await import("@tau/client");
  using client = createTauClient({ baseUrl: url });
  const bootstrapOf = async (workspace?: string): Promise<readonly ContextEntry[]> => {
    const given = workspace === undefined ? [] : [{ key: "workspace", content: workspace }];
    const { sessionId } = await client.createSession({ bootstrap: given });
    for await (const one of client.attach({ sessionId }))
      if (one.kind === "event" && one.event.type === "session_created") return one.event.bootstrap;
    return [];
  };
  const textOf = (entries: readonly ContextEntry[]): string => entries.map(({ content }) => content).join();

  const first = await bootstrapOf();
  expect(first).toContainEqual({ key: "workspace", content: place.cwd });
  expect(textOf(first)).toContain("Use tabs.");
  // Nobody trusts the file yet, and remote readers can see that.
  expect(first.find(({ content }) => content.includes("Use tabs."))?.label?.integrity).toBe("untrusted");
  expect(textOf(await bootstrapOf(join(place.cwd, "sub")))).toMatch(/Use spaces\./u);
  expect(textOf(await bootstrapOf(outside))).toBe(outside);
  await place.write("AGENTS.md", "Use nothing.");
  expect(textOf(await bootstrapOf())).toContain("Use nothing.");
  serving.child.kill("SIGTERM");
  await serving.ended;
});

test.each([
  [["--host", "0.0.0.0"], "[server.token_required]", 2],
  // As in the address that it is told to others by.
  [["--host", "[::]"], 'host "::" can be reached from other machines', 2],
  [["--token", "env:NOT_THERE"], "[server.token_invalid]", 2],
  [["--port", "65536"], '--port must be a whole number from 0 to 65535, not "65536". [cli.usage]', 2],
  [["--port", "-0.5"], "--port", 2],
])("tau serve refuses %j and says why", async (args, message, expected) => {
  await using place = await createPlace();
  const { code, stderr } = await place.tau(["serve", "--base-url", "http://127.0.0.1:1", "-m", "m", ...args]);
  expect(stderr).toContain(message);
  expect(code).toBe(expected);
});

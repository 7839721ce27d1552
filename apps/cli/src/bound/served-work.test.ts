import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createTauClient } from "@tau/client";
import type { TauClient } from "@tau/client";
import { expect, onTestFinished, test } from "vitest";

import { createPlace } from "../cli.test.support.ts";
import { serve } from "../served.test.support.ts";

const bash = (command: string) => ({ toolCalls: [{ name: "bash", arguments: { command } }] });
const make = bash("echo made > made.txt");
const text = "# Make a file\n\n1. Make made.txt.\n";
const carryOut = { path: "plans/a.md", sha256: createHash("sha256").update(text).digest("hex") };

function clientOf(url: string): TauClient {
  const client = createTauClient({ baseUrl: url });
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}

/** How a run ended, or the code of why it did not begin. */
async function endOf(client: TauClient, request: Parameters<TauClient["run"]>[0]): Promise<string> {
  try {
    for await (const one of client.run(request))
      if (one.kind === "event" && one.event.type === "run_finished") return one.event.status;
    return "no end";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

test("a run of another session is another run, whatever id it has: its plan needs its own approval, and holds for it alone", async () => {
  await using place = await createPlace();
  const { url, folder } = await serve(place, {
    conversations: [
      { match: "Carry out", turns: [{ text: "Done." }] },
      { match: "Make it", turns: [make, { text: "Made." }] },
    ],
  });
  await writeFile(join(folder, "plans/a.md"), text);
  const client = clientOf(url);
  const [one, other] = [await client.createSession(), await client.createSession()];
  const run = { sessionId: one.sessionId, runId: "1", prompt: "", carryOut };

  expect(await endOf(client, run)).toBe("completed");
  expect(await endOf(client, { ...run, sessionId: other.sessionId })).toBe("plan.used");
  await writeFile(join(folder, "plans/a.md"), "# Other\n");
  expect(await endOf(client, { sessionId: other.sessionId, runId: "1", prompt: "Make it" })).toBe(
    "completed",
  );
  expect(existsSync(join(folder, "made.txt"))).toBe(true);
});

test("a request that comes again has its run, also when its plan is gone and what it answered was judged", async () => {
  await using place = await createPlace();
  const { url, model, folder } = await serve(place, { turns: [{ text: "Done." }] });
  await writeFile(join(folder, "plans/a.md"), text);
  const client = clientOf(url);
  const { sessionId } = await client.createSession();
  const requirements = [{ id: "region", description: "The region", importance: "blocking" }];
  const answers = [{ requirementId: "region", value: "eu-west-1" }];
  const run = { sessionId, runId: "r1", prompt: "", carryOut, readiness: { requirements, answers } };

  expect(await endOf(client, run)).toBe("completed");
  await rm(join(folder, "plans/a.md"));
  expect(await endOf(client, run)).toBe("completed");
  expect(model.server.requests).toHaveLength(1);
  const others = { requirements, answers: [{ requirementId: "region", value: "us-east-1" }] };
  expect(await endOf(client, { ...run, readiness: others })).toBe("readiness.invalid");
  expect(await endOf(client, { sessionId, runId: "r1", prompt: "", carryOut })).toBe("readiness.invalid");
});

test.each([{}, { runId: "r1" }])("a run that could not begin uses no approval up: %j", async (named) => {
  await using place = await createPlace();
  const { url, folder } = await serve(place, { turns: [{ text: "Done." }] });
  await writeFile(join(folder, "plans/a.md"), text);
  const client = clientOf(url);
  const { sessionId } = await client.createSession();
  const run = { sessionId, prompt: "", carryOut: { ...carryOut, approvalId: "one" } };

  expect(await endOf(client, { ...run, ...named, agent: "nobody" })).toBe("agent.not_found");
  expect(await endOf(client, run)).toBe("completed");
  expect(await endOf(client, run)).toBe("plan.used");
});

test("a server goes on with interrupted sessions whose folder is relative, or behind a link", async () => {
  await using place = await createPlace();
  const first = await serve(place, { turns: [bash("touch asked.txt"), { text: "Touched." }] });
  await mkdir(join(first.folder, "sub"));
  await symlink(first.folder, join(place.base, "elsewhere/link"));
  const client = clientOf(first.url);
  const ids: string[] = [];
  for (const content of ["sub", join(place.base, "elsewhere/link/sub")]) {
    const { sessionId } = await client.createSession({ bootstrap: [{ key: "workspace", content }] });
    for await (const one of client.run({ sessionId, prompt: "Touch it", detach: true }))
      if (one.kind === "event" && one.event.type === "approval_requested") break;
    ids.push(sessionId);
  }
  first.serving.child.kill("SIGKILL");
  await first.serving.ended;

  const { serving } = await first.again();

  await serving.until("Going on with interrupted sessions: ");
  await serving.until("\n");
  for (const id of ids) expect(serving.output()).toContain(id);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ApprovalRequested, SessionEvent } from "@tau/core";
import { createBashTool, createHostEnvironment, createPermissionPolicy } from "@tau/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { AgentConfig } from "./agent-config.ts";
import { createGrants } from "./grants.ts";
import type { Grant } from "./grants.ts";
import { createMemoryJournal } from "./memory/memory-journal.ts";
import { createRunGrants } from "./run-grants.ts";
import {
  codeOf,
  contextOf,
  memoryStore,
  ofType,
  openHarness,
  resultTexts,
  sessionId,
} from "./runtime-harness.test.support.ts";
import type { Harness, HarnessOptions, Turn } from "./runtime-harness.test.support.ts";

let workspace = "";
beforeAll(async () => (workspace = await mkdtemp(join(tmpdir(), "tau-grants-"))));
afterAll(async () => await rm(workspace, { recursive: true }));

const bash = (command: string): { readonly name: string; readonly args: object } => ({
  name: "bash",
  args: { command },
});
const isWaiting = (event: SessionEvent): boolean => event.type === "run_waiting";
const isFinished = (event: SessionEvent): boolean => event.type === "run_finished";

function open(turns: readonly Turn[], options: HarnessOptions = {}): Promise<Harness> {
  const agent: Pick<AgentConfig, "openEnvironment" | "policyFor" | "keepsGrants"> = {
    keepsGrants: true,
    openEnvironment: async () =>
      createHostEnvironment({ profile: { access: "workspace-write", workspace, network: false } }),
    policyFor: ({ profileHash }, grants) =>
      createPermissionPolicy({
        profile: "workspace-write",
        approvals: "ask",
        profileHash,
        ...(grants === undefined ? {} : { grants }),
        rules: { ask: ["bash(touch *)"] },
      }),
  };
  return openHarness({ turns, tools: [createBashTool()], ...agent, ...options });
}

async function waitingFor(harness: Harness): Promise<ApprovalRequested> {
  await harness.until(isWaiting);
  const [asked] = (await harness.runtime.getSession(sessionId, harness.context)).pending;
  if (asked === undefined) throw new Error("Nothing is asked.");
  return asked;
}

describe("an answer for longer than once", () => {
  const twice: readonly Turn[] = [
    { calls: [bash("sort /dev/null")] },
    { calls: [bash("sort  /dev/null")] },
    { text: "Done" },
  ];

  test.each(["session", "always"] as const)("counts for the next call of the run: %s", async (remember) => {
    await using harness = await open(twice);
    await harness.begin("Go");
    const asked = await waitingFor(harness);
    const answer = { sessionId, approvalId: asked.approvalId, answer: "allow", remember } as const;

    expect(asked.grant?.effects).toMatchObject([{ rule: "bash(sort /dev/null)", cwd: workspace }]);
    await harness.runtime.respond(answer, harness.context);
    const events = await harness.until(isFinished);

    expect(ofType(events, "approval_requested")).toHaveLength(1);
    expect(ofType(events, "approval_answered")).toMatchObject([{ answer: "allow", by: "ada", remember }]);
    expect(ofType(events, "permission_decided").at(-1)).toMatchObject({
      decision: "allow",
      rule: "bash(sort /dev/null)",
    });
    expect(ofType(events, "effect_finished").map(({ outcome }) => outcome)).toEqual([
      "completed",
      "completed",
    ]);
  });

  test("outlives the process; one for the session ends with it; both can be taken back", async () => {
    const store = memoryStore();
    for (const [remember, again] of [
      ["session", 1],
      ["always", 0],
    ] as const) {
      await using harness = await open(twice.slice(1), { store });
      const id = `first-${remember}`;
      const { runtime, context } = harness;
      const ask = async (name: string): Promise<readonly SessionEvent[]> => {
        await runtime.createSession({ externalId: name }, context);
        const prompt = { role: "user", parts: [{ type: "text", text: "Go" }] } as const;
        const { runId } = await runtime.startRun({ sessionId: name, prompt }, context);
        const events: SessionEvent[] = [];
        for await (const batch of runtime.attach(
          { sessionId: name, fromSeq: 1, untilRunEnds: runId, untilRunWaits: true },
          context,
        ))
          for (const one of batch) if (one.kind === "event") events.push(one.event);
        return events;
      };
      const [asked] = ofType(await ask(id), "approval_requested");
      if (asked === undefined) throw new Error("Nothing is asked.");
      await runtime.respond(
        { sessionId: id, approvalId: asked.approvalId, answer: "allow", remember },
        context,
      );

      await using other = await open(twice.slice(1), { store });
      expect(await other.runtime.listGrants(context)).toMatchObject([
        { id: asked.approvalId, scope: remember, sessionId: id },
      ]);
      expect(await other.runtime.listGrants(contextOf("other"))).toEqual([]);
      const bob = { ...context, principal: { id: "bob", kind: "person", scopes: [] } } as const;
      expect(await other.runtime.listGrants(bob)).toEqual([]);
      expect(ofType(await ask(`second-${remember}`), "approval_requested")).toHaveLength(again);

      expect(await codeOf(other.runtime.revokeGrant(asked.approvalId, bob))).toBe("grant.not_found");
      await other.runtime.revokeGrant(asked.approvalId, context);
      expect(await codeOf(other.runtime.revokeGrant(asked.approvalId, context))).toBe("grant.not_found");
      expect(await runtime.listGrants(context)).toEqual([]);
      expect(ofType(await ask(`third-${remember}`), "approval_requested")).toHaveLength(1);
    }
  });

  test("is only for an allow, for what was offered, and by the one whose run it is", async () => {
    await using harness = await open([{ calls: [bash("touch x")] }, { text: "Done" }]);
    await harness.begin("Go");
    const { approvalId, grant } = await waitingFor(harness);
    const remember = "always";
    const respond = (answer: "allow" | "deny", context = harness.context): Promise<string> =>
      codeOf(harness.runtime.respond({ sessionId, approvalId, answer, remember }, context));

    // A rule that wants to be asked has no answer for longer.
    expect(grant).toBeUndefined();
    expect(await respond("allow")).toBe("approval.invalid_answer");
    expect(await respond("deny")).toBe("approval.invalid_answer");

    await using another = await open(twice);
    await another.begin("Go");
    const offered = await waitingFor(another);
    const bob = { ...another.context, principal: { id: "bob", kind: "person", scopes: [] } } as const;
    const answer = { sessionId, approvalId: offered.approvalId, answer: "allow", remember } as const;
    expect(await codeOf(another.runtime.respond(answer, bob))).toBe("approval.invalid_answer");
    expect(await codeOf(another.runtime.respond(answer, another.context))).toBe("no error");
  });

  test("counts for less time than was offered when the answer says so, and never for more", async () => {
    await using harness = await open(twice);
    await harness.begin("Go");
    const { approvalId, grant } = await waitingFor(harness);
    const respond = (more: { readonly remember?: "always"; readonly rememberForMs: number }) =>
      harness.runtime.respond({ sessionId, approvalId, answer: "allow", ...more }, harness.context);

    for (const rememberForMs of [0, 1.5, (grant?.ttlMs ?? 0) + 1])
      expect(await codeOf(respond({ remember: "always", rememberForMs }))).toBe("approval.invalid_answer");
    expect(await codeOf(respond({ rememberForMs: 1_000 }))).toBe("approval.invalid_answer");

    const kept = await respond({ remember: "always", rememberForMs: 60_000 });
    expect(kept).toMatchObject({ id: approvalId, scope: "always", sessionId });
    expect((kept?.expiresAt ?? 0) - (kept?.grantedAt ?? 0)).toBe(60_000);
    expect(await harness.runtime.listGrants(harness.context)).toEqual([kept]);
  });

  test("is not offered by an agent that keeps none", async () => {
    await using harness = await open(twice, { keepsGrants: false });
    await harness.begin("Go");

    expect((await waitingFor(harness)).grant).toBeUndefined();
  });
});

describe("an approval", () => {
  test("dies when a script that the command runs is changed before it runs", async () => {
    await writeFile(join(workspace, "x.sh"), "echo before");
    await using harness = await open([{ calls: [bash("sh x.sh")] }, { text: "Done" }]);
    await harness.begin("Go");
    const { approvalId } = await waitingFor(harness);

    await writeFile(join(workspace, "x.sh"), "echo after");
    await harness.runtime.respond({ sessionId, approvalId, answer: "allow" }, harness.context);
    const events = await harness.until(isFinished);

    expect(ofType(events, "effect_started")).toEqual([]);
    expect(resultTexts(events)[0]).toContain("files that have changed since");
  });

  test("of equal calls of a step is asked once, and counts for all that waited", async () => {
    await using harness = await open([
      { calls: [bash("touch a"), bash("touch b"), bash("touch a")] },
      { text: "Done" },
    ]);
    await harness.begin("Go");
    await harness.until(isWaiting);
    const { pending } = await harness.runtime.getSession(sessionId, harness.context);
    expect(pending.map(({ arguments: args, times }) => [args, times])).toEqual([
      ['{"command":"touch a"}', 2],
      ['{"command":"touch b"}', undefined],
    ]);

    for (const { approvalId } of pending)
      await harness.runtime.respond({ sessionId, approvalId, answer: "allow" }, harness.context);
    const events = await harness.until(isFinished);

    const requested = ofType(events, "approval_requested");
    expect(requested).toHaveLength(3);
    expect(new Set(requested.map(({ binding }) => binding)).size).toBe(3);
    expect(ofType(events, "approval_answered").map(({ answer }) => answer)).toEqual([
      "allow",
      "allow",
      "allow",
    ]);
    expect(ofType(events, "effect_finished").map(({ outcome }) => outcome)).toEqual([
      "completed",
      "completed",
      "completed",
    ]);
  });
});

describe("createGrants()", () => {
  const { signal } = new AbortController();
  const owner = { tenant: "acme", principal: "ada" };
  const grant = (id: string, more: Partial<Grant> = {}): Grant => ({
    id,
    scope: "always",
    terms: { effects: [], workspace: "/w", profile: "p" },
    sessionId: "s1",
    grantedAt: 1,
    expiresAt: 100,
    ...more,
  });

  test("G2, G3. lists what counts now, adds once, and never again what was revoked", async () => {
    const journal = createMemoryJournal();
    let now = 1;
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    const [grants, elsewhere] = [createGrants(journal, clock), createGrants(journal, clock)];

    await Promise.all([
      grants.add(owner, grant("a"), signal),
      elsewhere.add(owner, grant("b", { expiresAt: 10 }), signal),
      grants.add(owner, grant("a"), signal),
    ]);
    const ids = async (): Promise<readonly string[]> =>
      (await elsewhere.list(owner, signal)).map(({ id }) => id).toSorted();

    expect(await ids()).toEqual(["a", "b"]);
    now = 10;
    expect(await ids()).toEqual(["a"]);
    expect(await grants.revoke(owner, "a", signal)).toBe(true);
    expect(await grants.revoke(owner, "a", signal)).toBe(false);
    await elsewhere.add(owner, grant("a"), signal);
    expect(await ids()).toEqual([]);
    expect(grants.known(owner)).toEqual([]);
  });

  test("are looked for once a second at most, unless somebody just answered", async () => {
    const journal = createMemoryJournal();
    let now = 1;
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    const elsewhere = createGrants(journal, clock);
    const run = createRunGrants(createGrants(journal, clock), clock, { ...owner, sessionId: "s2" });
    await run.refresh(signal);
    await elsewhere.add(owner, grant("a", { expiresAt: 1e9 }), signal);
    await elsewhere.add(owner, grant("s", { expiresAt: 1e9, scope: "session" }), signal);

    expect(run.refresh(signal)).toBeUndefined();
    expect(run.current()).toEqual([]);
    await run.refresh(signal, true);
    expect(run.current().map(({ id }) => id)).toEqual(["a"]);
    await elsewhere.revoke(owner, "a", signal);
    now += 1_000;
    await run.refresh(signal);
    expect(run.current()).toEqual([]);
  });
});

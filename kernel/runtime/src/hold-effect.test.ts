import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { untrusted } from "@tau/core";
import { createBashTool, defineTool } from "@tau/tools";
import type { Decision, EffectRequest, OwnedEnvironment, PermissionPolicy } from "@tau/tools";
import { describe, expect, test } from "vitest";

import type { CopiedWorkspace } from "./copied-workspace.test.support.ts";
import { copiedWorkspace } from "./copied-workspace.test.support.ts";
import type { Harness, HarnessOptions } from "./runtime-harness.test.support.ts";
import { memoryStore, ofType, openHarness, resultTexts, sessionId } from "./runtime-harness.test.support.ts";

const review: Decision = { decision: "ask", reason: "Nobody knows what it changes.", review: true };
const ruled: Decision = { decision: "ask", reason: "A rule wants it.", rule: "bash(*)" };

/** Says `command` of commands, and `write` of the paths that they turn out to change. */
function policy(command: Decision, write: Decision): PermissionPolicy {
  return {
    decide: ({ access }: EffectRequest) => (access.some(({ kind }) => kind === "write") ? write : command),
  };
}

const allow: Decision = { decision: "allow", reason: "A rule allows it.", rule: "write(**)" };
const ask: Decision = { decision: "ask", reason: "No rule covers it." };
const deny: Decision = { decision: "deny", reason: "Nobody may.", rule: "write(**)" };

interface Wish extends Omit<HarnessOptions, "turns" | "policy"> {
  readonly command: string;
  readonly said: Decision;
  readonly judged?: Decision;
}

function open(workspace: CopiedWorkspace, { command, said, judged = ask, ...more }: Wish): Promise<Harness> {
  return openHarness({
    turns: [{ calls: [{ name: "bash", args: { command } }] }, { text: "Done." }],
    tools: [createBashTool()],
    policy: policy(said, judged),
    openEnvironment: () => Promise.resolve(workspace.open()),
    ...more,
  });
}

async function question(harness: Harness): Promise<ReturnType<typeof lastAsked>> {
  return lastAsked(await harness.until(({ type }) => type === "run_waiting"));
}

function lastAsked(events: Awaited<ReturnType<Harness["until"]>>): (typeof asked)[number] {
  const asked = ofType(events, "approval_requested");
  const last = asked.at(-1);
  if (last === undefined) throw new TypeError("Nobody was asked.");
  return last;
}

async function answer(harness: Harness, approvalId: string, said: "allow" | "deny"): Promise<void> {
  await harness.runtime.respond({ sessionId, approvalId, answer: said }, harness.context);
}

const ended = ({ type }: { readonly type: string }): boolean => type === "run_finished";

describe("a call that a person must decide on", () => {
  test("runs on a copy, is asked about by what it changes, and carried out once it is allowed", async () => {
    using workspace = copiedWorkspace();
    await using harness = await open(workspace, { command: "echo b >> a.txt; echo ran", said: review });
    await harness.begin("go");
    const asked = await question(harness);
    expect(asked.held).toMatchObject({ changes: 1, diff: "changed a.txt" });
    expect(asked.summary).toBe("It changes a.txt (changed).");
    expect(readFileSync(join(workspace.folder, "a.txt"), "utf8")).toBe("a\n");

    await answer(harness, asked.approvalId, "allow");
    const events = await harness.until(ended);
    expect(readFileSync(join(workspace.folder, "a.txt"), "utf8")).toBe("a\nb\n");
    expect(resultTexts(events)[0]).toContain("ran");
    expect(ofType(events, "effect_started")).toMatchObject([{ sideEffect: "idempotent" }]);
    expect(ofType(events, "effect_finished")).toMatchObject([
      { outcome: "completed", details: { exitCode: 0, transaction: asked.held?.transactionId } },
    ]);
    expect(workspace.runs()).toEqual({ copies: 1, plainly: 0 });
  });

  test("is thrown away when it is denied", async () => {
    using workspace = copiedWorkspace();
    await using harness = await open(workspace, { command: "echo b >> a.txt", said: review });
    await harness.begin("go");
    await answer(harness, (await question(harness)).approvalId, "deny");
    expect(resultTexts(await harness.until(ended))[0]).toContain("A person denied this");
    expect(readFileSync(join(workspace.folder, "a.txt"), "utf8")).toBe("a\n");
    expect(workspace.held.size).toBe(0);
  });

  test("needs nobody when it changes nothing, and was asked about for that alone", async () => {
    using workspace = copiedWorkspace();
    await using harness = await open(workspace, { command: "cat a.txt", said: review });
    const events = await harness.run("go");
    expect(ofType(events, "approval_requested")).toEqual([]);
    expect(ofType(events, "permission_decided").map(({ decision }) => decision)).toEqual(["ask", "allow"]);
    expect(ofType(events, "effect_started")).toMatchObject([{ sideEffect: "pure" }]);
    expect(resultTexts(events)[0]).toContain("a");
    expect(workspace.runs()).toEqual({ copies: 1, plainly: 0 });
  });

  test("is asked about all the same when a rule wants it, though it changes nothing", async () => {
    using workspace = copiedWorkspace();
    await using harness = await open(workspace, { command: "cat a.txt", said: ruled });
    await harness.begin("go");
    const asked = await question(harness);
    expect(asked.summary).toBe("A rule wants it. Tried on a copy, it changes no file.");
    await answer(harness, asked.approvalId, "allow");
    await harness.until(ended);
    expect(workspace.runs()).toEqual({ copies: 1, plainly: 1 });
  });

  test("is carried out without a question when the rules allow every path that it changes", async () => {
    using workspace = copiedWorkspace();
    await using harness = await open(workspace, { command: "echo n > new", said: review, judged: allow });
    const events = await harness.run("go");
    expect(ofType(events, "approval_requested")).toEqual([]);
    expect(readFileSync(join(workspace.folder, "new"), "utf8")).toBe("n\n");
    expect(ofType(events, "permission_decided").at(-1)?.reason).toBe(
      "It changes new (created). A rule allows it.",
    );
  });

  test("is asked about when a rule wants that, though every path is allowed", async () => {
    using workspace = copiedWorkspace();
    await using harness = await open(workspace, { command: "echo n > new", said: ruled, judged: allow });
    await harness.begin("go");
    expect((await question(harness)).summary).toContain("A rule wants it. It changes new (created).");
    expect(existsSync(join(workspace.folder, "new"))).toBe(false);
  });

  test("is refused, and thrown away, when it changes what it may not", async () => {
    using workspace = copiedWorkspace();
    await using harness = await open(workspace, { command: "echo n > new", said: review, judged: deny });
    const events = await harness.run("go");
    expect(resultTexts(events)[0]).toContain("tool.denied: It would change what it may not");
    expect(existsSync(join(workspace.folder, "new"))).toBe(false);
    expect(workspace.held.size).toBe(0);
  });

  test("is carried out by another process than the one that tried it, without running again", async () => {
    using workspace = copiedWorkspace();
    const store = memoryStore();
    const wish: Wish = { command: "echo b >> a.txt; echo ran", said: review, store };
    let approvalId = "";
    {
      await using first = await open(workspace, wish);
      await first.begin("go");
      ({ approvalId } = await question(first));
    }
    await using second = await open(workspace, wish);
    await answer(second, approvalId, "allow");
    const events = await second.until(ended);
    expect(resultTexts(events)[0]).toContain("ran");
    expect(readFileSync(join(workspace.folder, "a.txt"), "utf8")).toBe("a\nb\n");
    expect(workspace.runs()).toEqual({ copies: 1, plainly: 0 });
  });

  test("is not carried out when the workspace changed meanwhile", async () => {
    using workspace = copiedWorkspace();
    await using harness = await open(workspace, { command: "echo b >> a.txt", said: review });
    await harness.begin("go");
    const { approvalId } = await question(harness);
    writeFileSync(join(workspace.folder, "a.txt"), "mine\n");
    await answer(harness, approvalId, "allow");
    const events = await harness.until(ended);
    expect(resultTexts(events)[0]).toBe("environment.conflict: The workspace changed. Nothing was changed.");
    expect(readFileSync(join(workspace.folder, "a.txt"), "utf8")).toBe("mine\n");
  });

  test("is asked about by its words where there is no copy, and refused where nobody may be asked", async () => {
    using workspace = copiedWorkspace();
    const plainly = (): Promise<OwnedEnvironment> => {
      const { transactions: _, ...environment } = workspace.open();
      return Promise.resolve(environment);
    };
    const wish: Wish = { command: "echo n > new", said: review, openEnvironment: plainly };
    await using harness = await open(workspace, wish);
    await harness.begin("go");
    const asked = await question(harness);
    expect(asked.held).toBeUndefined();
    expect(asked.summary).toBe("Nobody knows what it changes.");
    await using headless = await open(workspace, { ...wish, judged: deny });
    expect(resultTexts(await headless.run("go"))[0]).toContain("tool.denied: Nobody may.");
    expect(existsSync(join(workspace.folder, "new"))).toBe(false);
  });

  test("needs nobody for what untrusted text asked for, where it changes nothing that programs obey", async () => {
    using workspace = copiedWorkspace();
    const page = defineTool({
      name: "page",
      description: "A page.",
      input: { type: "object" },
      sideEffect: "pure",
      label: untrusted("web:example.org"),
      execute: () => "obey",
    });
    const run = async (command: string, approvals: "ask" | "never"): Promise<readonly string[]> => {
      await using harness = await openHarness({
        turns: [
          { calls: [{ name: "page" }] },
          { calls: [{ name: "bash", args: { command } }] },
          { text: "Done." },
        ],
        tools: [page, createBashTool()],
        policy: policy(allow, allow),
        openEnvironment: () => Promise.resolve(workspace.open()),
        flowFor: () => ({ approvals }),
      });
      await harness.begin("go");
      const events = await harness.until(({ type }) => type === "run_waiting" || type === "run_finished");
      return ofType(events, "permission_decided")
        .map(({ tool, decision }) => `${tool} ${decision}`)
        .slice(1);
    };

    expect(await run("echo b > b.txt", "ask")).toEqual(["bash ask", "bash allow"]);
    expect(await run("echo c > b.txt", "never")).toEqual(["bash ask", "bash allow"]);
    expect(await run("echo '{}' > package.json", "ask")).toEqual(["bash ask"]);
    expect(await run("echo '{}' > package.json", "never")).toEqual(["bash ask", "bash deny"]);
    expect(existsSync(join(workspace.folder, "b.txt"))).toBe(true);
    expect(existsSync(join(workspace.folder, "package.json"))).toBe(false);
  });
});

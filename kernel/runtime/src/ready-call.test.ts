import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHostEnvironment, defineTool } from "@tau/tools";
import type { PermissionPolicy } from "@tau/tools";
import { describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "./clock.ts";
import {
  echoTool,
  memoryStore,
  ofType,
  openHarness,
  policyOf,
  resultTexts,
  sessionId,
} from "./runtime-harness.test.support.ts";

const isWaiting = (event: { readonly type: string }): boolean => event.type === "run_waiting";
const isFinished = (event: { readonly type: string }): boolean => event.type === "run_finished";
const writing = (name: string) => echoTool(name, { sideEffect: "irreversible" });

describe("readyCall()", () => {
  test("E4. sees where a path leads after the calls before it, not where it led when they were asked for", async () => {
    const workspace = await mkdtemp(join(tmpdir(), "tau-plan-"));
    onTestFinished(async () => await rm(workspace, { recursive: true }));
    const link = echoTool("link", {
      sideEffect: "irreversible",
      run: async () => {
        await symlink("/etc", join(workspace, "notes"));
        return "linked";
      },
    });
    let written = 0;
    const put = defineTool({
      name: "put",
      description: "Writes.",
      input: { type: "object" },
      sideEffect: "idempotent",
      access: (_, root) => [{ kind: "write", path: join(root, "notes/passwd") }],
      execute: async () => `${++written}`,
    });
    const policy: PermissionPolicy = {
      decide: ({ access }) => {
        const leaves = access.some((one) => "path" in one && one.path.startsWith("/etc"));
        return { decision: leaves ? "deny" : "allow", reason: leaves ? "Not there." : "Fine." };
      },
    };
    const profile = { access: "full", workspace, network: false } as const;
    await using harness = await openHarness({
      turns: [{ calls: [{ name: "link" }, { name: "put" }] }, { text: "Done" }],
      tools: [link, put],
      policyFor: () => policy,
      openEnvironment: async () => createHostEnvironment({ profile }),
    });

    const events = await harness.run("Go");

    expect(written).toBe(0);
    expect(resultTexts(events)[1]).toContain("Not there.");
    expect(ofType(events, "permission_decided").at(-1)).toMatchObject({ tool: "put", decision: "deny" });
  });

  test("E4. does not run under new rules what the old ones allowed before a crash", async () => {
    const store = memoryStore();
    const begun = Promise.withResolvers<void>();
    const turns = [{ calls: [{ name: "first" }, { name: "second" }] }, { text: "Done" }];
    const hang = echoTool("first", {
      sideEffect: "irreversible",
      run: (_, signal) => {
        begun.resolve();
        return new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(new Error("stopped"))),
        );
      },
    });
    {
      await using before = await openHarness({ turns, tools: [hang, writing("second")], store });
      await before.begin("Go");
      await begun.promise;
    }
    const tools = [writing("first"), writing("second")];
    await using after = await openHarness({ turns, tools, store, policy: policyOf({ second: "deny" }) });
    const [asked] = ofType(await after.until(isWaiting), "approval_requested");
    await after.runtime.respond(
      { sessionId, approvalId: asked?.approvalId ?? "", answer: "done" },
      after.context,
    );

    expect(resultTexts(await after.until(isFinished))[1]).toContain("The test says deny.");
  });

  test("E4. asks again when an answer was given in time, but comes to be used too late", async () => {
    const store = memoryStore();
    const turns = [{ calls: [{ name: "first" }, { name: "second" }] }, { text: "Done" }];
    const tools = [writing("first"), writing("second")];
    const policy = policyOf({ first: "ask", second: "ask" });
    {
      await using before = await openHarness({ turns, tools, policy, store });
      await before.begin("Go");
      const asked = ofType(await before.until(isWaiting), "approval_requested");
      const approvalId = asked.find((one) => one.tool === "second")?.approvalId ?? "";
      await before.runtime.respond({ sessionId, approvalId, answer: "allow" }, before.context);
    }
    const clock = { ...systemClock, now: () => Date.now() + 30 * 24 * 3_600_000 };
    await using after = await openHarness({ turns, tools, policy, store, clock });

    const events = await after.until((event) => isWaiting(event) && "approvalIds" in event, 1);
    const all = await after.until(
      (() => {
        let questions = 0;
        return (event) => event.type === "approval_requested" && ++questions === 3;
      })(),
    );

    expect(ofType(events, "run_waiting")).toHaveLength(1);
    expect(ofType(all, "effect_started")).toEqual([]);
    expect(ofType(all, "approval_requested").map((one) => one.tool)).toEqual(["first", "second", "second"]);
  });

  test("fails closed when the rules answer something that is no decision", async () => {
    const odd = Object.assign(policyOf({}), { decide: () => ({ decision: "block", reason: "odd" }) });
    await using harness = await openHarness({
      turns: [{ calls: [{ name: "first" }] }, { text: "Done" }],
      tools: [writing("first")],
      policyFor: () => Object.create(odd),
    });

    const events = await harness.run("Go");

    expect(ofType(events, "effect_finished")[0]?.outcome).toBe("denied");
  });
});

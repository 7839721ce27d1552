import type { SessionEvent } from "@tau/core";
import { defineTool } from "@tau/tools";
import type { Tool } from "@tau/tools";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { codeOf, openHarness, policyOf, sessionId } from "./runtime-harness.test.support.ts";
import type { Harness, Turn } from "./runtime-harness.test.support.ts";

const sideEffects = ["pure", "idempotent", "compensable", "irreversible"] as const;
const decisions = ["allow", "deny", "ask"] as const;

/** One tool for each class and each decision, and `outer`, which calls what its argument names. */
function toolsThatTell(ran: string[]): readonly Tool[] {
  const tools = sideEffects.flatMap((sideEffect) =>
    decisions.map((decision) =>
      defineTool({
        name: `${sideEffect}_${decision}`,
        description: "Tells that it ran.",
        input: { type: "object", properties: { n: { type: "integer" } }, additionalProperties: false },
        sideEffect,
        execute: (_input, { idempotencyKey }) => {
          ran.push(idempotencyKey);
          return "ran";
        },
      }),
    ),
  );
  const outer = defineTool<{ readonly calls: readonly string[] }>({
    name: "outer",
    description: "Calls others.",
    input: {
      type: "object",
      properties: { calls: { type: "array", items: { type: "string" } } },
      required: ["calls"],
    },
    sideEffect: "idempotent",
    execute: async ({ calls }, { callTool, signal, idempotencyKey }) => {
      ran.push(idempotencyKey);
      for (const name of calls) await callTool?.(name, {}, signal);
      return "ran";
    },
  });
  return [...tools, outer];
}

const decidedBy = Object.fromEntries(
  sideEffects.flatMap((sideEffect) =>
    (["deny", "ask"] as const).map((decision) => [`${sideEffect}_${decision}`, decision] as const),
  ),
);

const names = [...sideEffects.flatMap((one) => decisions.map((decision) => `${one}_${decision}`)), "nobody"];
const name = fc.constantFrom(...names);
const call = fc.oneof(
  // Numbers repeat, so that equal calls of a step are among them; a text is no integer.
  fc.record({ name, args: fc.record({ n: fc.constantFrom(1, 2, "x") }) }),
  fc.record({ name: fc.constant("outer"), args: fc.record({ calls: fc.array(name, { maxLength: 4 }) }) }),
  fc.record({ name, args: fc.constant("{") }),
);
// Chance brings them together hardly ever, and they share one execution.
const equalCall = { name: "pure_allow", args: { n: 2 } };
const steps = fc.array(fc.array(call, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 });

/** Runs the prompt, and answers each question as the next of the answers says. */
async function runAnswering(
  { runtime, context, begin }: Harness,
  answers: readonly ("allow" | "deny")[],
): Promise<readonly SessionEvent[]> {
  const runId = await begin("Go");
  const events: SessionEvent[] = [];
  let asked = 0;
  for await (const batch of runtime.attach({ sessionId, fromSeq: 1, untilRunEnds: runId }, context)) {
    for (const one of batch) {
      if (one.kind !== "event") continue;
      events.push(one.event);
      if (one.event.type !== "approval_requested") continue;
      const answer = answers[asked++ % answers.length] ?? "deny";
      const { approvalId } = one.event;
      // Equal calls of a step are one question, which may have been answered with another one's id.
      const code = await codeOf(runtime.respond({ sessionId, approvalId, answer }, context));
      expect(["no error", "approval.answered"]).toContain(code);
    }
  }
  return events;
}

/** Whether the answer is that of an equal pure call of the same step: such calls share one execution. */
function isShared(event: SessionEvent): boolean {
  return event.type === "effect_finished" && event.details?.["replayed"] === "flight";
}

/**
 * The keys of the effects that were allowed, by a rule or by a person, before they were recorded as started, and that had
 * an execution of their own.
 */
function allowedKeys(events: readonly SessionEvent[]): readonly string[] {
  const shared = new Set(
    events.flatMap((event) => ("effectId" in event && isShared(event) ? [event.effectId] : [])),
  );
  const allowed = new Map<string, boolean>();
  return events.flatMap((event) => {
    if (event.type === "permission_decided") allowed.set(event.effectId, event.decision === "allow");
    if (event.type === "approval_answered") allowed.set(event.effectId, event.answer === "allow");
    if (event.type !== "effect_started") return [];
    const ran = allowed.get(event.effectId) === true && !shared.has(event.effectId);
    return ran ? [event.idempotencyKey] : [];
  });
}

describe("complete mediation", () => {
  test("no tool ever runs without a decision that is in the log, whoever calls it", async () => {
    let executions = 0;
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.array(fc.constantFrom("allow" as const, "deny" as const), { minLength: 1, maxLength: 4 }),
        async (calls, answers) => {
          const ran: string[] = [];
          const turns: readonly Turn[] = [...calls.map((step) => ({ calls: step })), { text: "Done" }];
          const options = { turns, tools: toolsThatTell(ran), policy: policyOf(decidedBy) };
          await using harness = await openHarness(options);
          const events = await runAnswering(harness, answers);
          executions += ran.length;
          expect(ran.toSorted()).toEqual(allowedKeys(events).toSorted());
        },
      ),
      { numRuns: 150, examples: [[[[equalCall, equalCall, equalCall]], ["allow"]]] },
    );
    expect(executions).toBeGreaterThan(100);
  });
});

import { workspaceLabel } from "@tau/core";
import { describe, expect, test } from "vitest";

import { signal } from "../memory.test.support.ts";
import { createMemory } from "../memory.ts";
import { createTransientStore } from "../store/transient-store.ts";
import { goneNotes } from "./note-evidence.ts";
import { parseRequirements } from "./parse-requirements.ts";
import { prepareKnowledge } from "./prepare-knowledge.ts";
import { assertReady, createReadinessGate } from "./readiness-gate.ts";

const known = { id: "region", description: "The region", currentConfidence: 1, value: "eu" };
const missing = { id: "owner", description: "Who owns the service", importance: "blocking" };

describe("createReadinessGate()", () => {
  test("opens when enough is known, and tells the model what is and what is not", async () => {
    const gate = createReadinessGate({
      requirements: parseRequirements([
        known,
        {
          id: "tone",
          description: "The tone",
          fallbackPolicy: "use_default",
          value: "plain",
          importance: "low",
        },
        { id: "os", description: "The system", currentConfidence: 0.5, value: "Debian", importance: "low" },
        { id: "date", description: "The date", fallbackPolicy: "continue_with_caveat", importance: "low" },
      ]),
    });

    expect(await gate.beforeRun({}, signal)).toEqual({
      decision: "allow",
      reason:
        "Only 64 % of what should be known is known (70 % is wanted): tone (not known), os (not sure enough), date (not known).",
      note: "Knowledge for this task (caveat):\n- The region: eu\n- The tone: not known (unknown); take plain, and say that you did.\n- The system: perhaps Debian, not sure (unsure). Do not guess: say so where it matters.\n- The date: not known (unknown). Do not guess: say so where it matters.",
      details: expect.objectContaining({ status: "caveat", nonBlockingGapIds: ["tone", "os", "date"] }),
    });
  });

  test("stays closed when something must be known first, and says what to answer", async () => {
    const gate = createReadinessGate({ requirements: parseRequirements([known, missing]) });

    expect(await gate.beforeRun({}, signal)).toMatchObject({
      decision: "deny",
      reason:
        "It is not known what must be known first: owner (not known). To be answered first: Who owns the service?",
      details: { status: "blocked", blockingGapIds: ["owner"], recommendedAction: "ask_user" },
    });
  });

  test("stays closed when what it stands on is gone from the notes", async () => {
    const { notes } = createMemory({ store: createTransientStore() });
    const author = { by: "ada" };
    await notes.add(
      notes.draft({ summary: "The region is eu", id: "region", label: workspaceLabel }, author),
      author,
      signal,
    );
    const gate = createReadinessGate({
      requirements: parseRequirements([{ ...known, importance: "blocking", evidenceIds: ["memory:region"] }]),
      provider: { goneEvidence: async (ids, stop) => await goneNotes(notes, ids, stop) },
    });

    expect((await gate.beforeRun({}, signal)).decision).toBe("allow");
    await notes.retract("region", "We moved.", author, signal);
    expect(await gate.beforeRun({}, signal)).toMatchObject({
      decision: "deny",
      reason: expect.stringContaining("what it stood on is gone"),
    });
    expect(await goneNotes(notes, ["file:a", "memory:none"], signal)).toEqual(["memory:none"]);
  });
});

test("assertReady() throws readiness.blocked with the gaps", async () => {
  const prepared = await prepareKnowledge(parseRequirements([missing]), { signal });

  expect(() => assertReady(prepared)).toThrow(
    expect.objectContaining({
      code: "readiness.blocked",
      details: expect.objectContaining({ blockingGapIds: ["owner"] }),
    }),
  );
  assertReady(await prepareKnowledge([], { signal }));
});

import { TauError } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { signal } from "../memory.test.support.ts";
import { plansFor, questionsFor } from "./acquisition.ts";
import { decideKnowledgeReadiness } from "./decide-readiness.ts";
import type { ReadinessDecision } from "./decide-readiness.ts";
import { parseRequirements } from "./parse-requirements.ts";
import { prepareKnowledge } from "./prepare-knowledge.ts";
import type { Learnt } from "./prepare-knowledge.ts";
import { assessReadiness } from "./readiness-report.ts";
import {
  acquisitionModes,
  fallbackPolicies,
  freshnesses,
  importances,
  knowledgeCategories,
  sensitivities,
} from "./requirement.ts";
import type { KnowledgeRequirement } from "./requirement.ts";

const now = Date.parse("2026-06-01T00:00:00Z");

function requirement(more: Partial<KnowledgeRequirement> = {}): KnowledgeRequirement {
  return {
    id: "region",
    description: "The region to deploy to",
    requiredFor: ["deploy"],
    category: "company_specific",
    acquisitionMode: "ask_user",
    importance: "medium",
    freshness: "static",
    sensitivity: "private",
    confidenceNeeded: 0.8,
    currentConfidence: 0.8,
    evidenceIds: [],
    fallbackPolicy: "ask",
    ...more,
  };
}

function decide(...requirements: readonly KnowledgeRequirement[]): ReadinessDecision {
  return decideKnowledgeReadiness(assessReadiness(requirements, { now }));
}

describe("assessReadiness()", () => {
  test.each([
    ["what is known well enough", {}, undefined],
    ["what nobody knows", { currentConfidence: 0 }, "unknown"],
    ["what somebody half knows", { currentConfidence: 0.4 }, "unsure"],
    ["what is over", { validUntil: "2026-05-31T00:00:00Z" }, "expired"],
    ["what is over in no time that can be read", { validUntil: "soon" }, "expired"],
    ["what is not over yet", { validUntil: "2026-06-02" }, undefined],
    ["what was never looked at again", { freshness: "daily" }, "stale"],
    ["what was looked at too long ago", { freshness: "weekly", lastVerifiedAt: "2026-05-01" }, "stale"],
    ["what was looked at in the future", { freshness: "weekly", lastVerifiedAt: "2027-05-01" }, "stale"],
    ["what was looked at in time", { freshness: "weekly", lastVerifiedAt: "2026-05-30" }, undefined],
    ["what stands on nothing any more", { evidenceIds: ["memory:a"] }, "evidence_gone"],
    ["what still stands on something", { evidenceIds: ["memory:a", "memory:b"] }, undefined],
    ["what needs no confidence", { confidenceNeeded: 0, currentConfidence: 0 }, undefined],
    ["what is no number", { currentConfidence: Number.NaN }, "unknown"],
  ] as const)("judges %s", (_what, more, reason) => {
    const { gaps, score } = assessReadiness([requirement(more)], {
      now,
      goneEvidence: new Set(["memory:a"]),
    });

    expect(gaps.map((gap) => gap.reason)).toEqual(reason === undefined ? [] : [reason]);
    expect(score).toBe(reason === undefined ? 1 : reason === "unsure" ? 0.5 : 0);
  });

  test("weighs by importance", () => {
    const known = requirement({ id: "a", importance: "blocking" });
    const unknown = requirement({ id: "b", importance: "medium", currentConfidence: 0 });

    expect(assessReadiness([known, unknown], { now }).score).toBe(0.8);
    expect(assessReadiness([], { now })).toEqual({ requirements: [], gaps: [], score: 1 });
  });

  test("gives a score from 0 to 1, which learning never lowers (R3)", () => {
    const number = fc.oneof(fc.double(), fc.double({ min: 0, max: 1, noNaN: true }));
    const some = fc.record({
      importance: fc.constantFrom(...importances),
      freshness: fc.constantFrom(...freshnesses),
      fallbackPolicy: fc.constantFrom(...fallbackPolicies),
      sensitivity: fc.constantFrom(...sensitivities),
      acquisitionMode: fc.constantFrom(...acquisitionModes),
      category: fc.constantFrom(...knowledgeCategories),
      confidenceNeeded: number,
      currentConfidence: number,
    });

    fc.assert(
      fc.property(
        fc.array(some, { maxLength: 8 }),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, which, more) => {
          const requirements = all.map((one, index) => requirement({ ...one, id: String(index) }));
          const better = requirements.map((one, index) =>
            index === which % (all.length || 1) && one.currentConfidence <= 1
              ? { ...one, currentConfidence: Math.max(one.currentConfidence, more) }
              : one,
          );

          const [before, after] = [assessReadiness(requirements, { now }), assessReadiness(better, { now })];

          expect(before.score).toBeGreaterThanOrEqual(0);
          expect(before.score).toBeLessThanOrEqual(1);
          expect(after.score).toBeGreaterThanOrEqual(before.score - 1e-12);
          const decision = decideKnowledgeReadiness(before);
          expect(decision.passed).toBe(before.gaps.every(({ isBlocking }) => !isBlocking));
          expect(decision.blockingGapIds.length + decision.nonBlockingGapIds.length).toBe(before.gaps.length);
        },
      ),
    );
  });
});

describe("decideKnowledgeReadiness()", () => {
  test("is ready when all is known, or nothing must be", () => {
    expect(decide()).toEqual({
      passed: true,
      status: "ready",
      reason: "All that must be known is known.",
      readinessScore: 1,
      recommendedAction: "run_agent",
      severity: "info",
      blockingGapIds: [],
      nonBlockingGapIds: [],
    });
  });

  test.each([
    ["importance", { importance: "blocking" }],
    ["fallback", { fallbackPolicy: "block" }],
    ["secrecy", { sensitivity: "secret" }],
  ] as const)("is blocked by a gap for its %s, whatever the score", (_what, more) => {
    const decision = decide(
      requirement({ id: "gap", currentConfidence: 0, ...more }),
      ...Array.from({ length: 30 }, (_, index) => requirement({ id: `k${index}`, importance: "blocking" })),
    );

    expect(decision).toMatchObject({
      passed: false,
      status: "blocked",
      severity: "critical",
      blockingGapIds: ["gap"],
    });
    expect(decision.reason).toBe("It is not known what must be known first: gap (not known).");
  });

  test("passes with a caveat below the minimum, or where a gap says so", () => {
    expect(decide(requirement({ currentConfidence: 0 }))).toMatchObject({ passed: true, status: "caveat" });
    const small = requirement({ id: "small", importance: "low", currentConfidence: 0 });
    const known = requirement({ importance: "blocking" });
    expect(decide(known, small)).toMatchObject({ status: "ready", nonBlockingGapIds: ["small"] });
    expect(decide(known, { ...small, fallbackPolicy: "continue_with_caveat" })).toMatchObject({
      status: "caveat",
    });
    const report = assessReadiness([known, small], { now });
    expect(decideKnowledgeReadiness(report, { minimumScore: 0.95 })).toMatchObject({ status: "caveat" });
    expect(decideKnowledgeReadiness({ ...report, score: Number.NaN })).toMatchObject({ status: "caveat" });
  });

  test.each([
    ["ask_user", { acquisitionMode: "search_web", fallbackPolicy: "ask" }],
    ["query_connectors", { acquisitionMode: "query_connector" }],
    ["inspect_repo", { acquisitionMode: "inspect_repo" }],
    ["inspect_repo", { acquisitionMode: "run_command" }],
    ["collect_web_data", { acquisitionMode: "search_web" }],
    ["abort_or_rescope", { acquisitionMode: "not_available", importance: "blocking" }],
    ["build_domain_wiki", { acquisitionMode: "infer_low_confidence", importance: "blocking" }],
    ["continue_with_caveat", { acquisitionMode: "infer_low_confidence" }],
    ["continue_with_caveat", { acquisitionMode: "not_available" }],
  ] as const)("recommends %s", (action, more) => {
    const gap = requirement({ currentConfidence: 0, fallbackPolicy: "continue_with_caveat", ...more });

    expect(decide(gap).recommendedAction).toBe(action);
  });
});

describe("questionsFor() and plansFor()", () => {
  test("ask people what only they know, and make one plan for each other way", () => {
    const report = assessReadiness(
      [
        requirement({ id: "known" }),
        requirement({ id: "person", currentConfidence: 0 }),
        requirement({
          id: "key",
          currentConfidence: 0,
          sensitivity: "secret",
          acquisitionMode: "search_web",
        }),
        ...["a", "b"].map((id) =>
          requirement({
            id,
            currentConfidence: 0,
            acquisitionMode: "inspect_repo",
            fallbackPolicy: "use_default",
          }),
        ),
      ],
      { now },
    );

    expect(questionsFor(report)).toEqual([
      {
        id: "ask_person",
        requirementId: "person",
        question: "The region to deploy to?",
        answerType: "free_text",
        reason: "Needed for deploy.",
        isBlocking: false,
      },
      expect.objectContaining({
        requirementId: "key",
        answerType: "credential",
        isBlocking: true,
        question: expect.stringContaining("never the secret itself"),
      }),
    ]);
    expect(plansFor(report)).toMatchObject([{ id: "acquire_inspect_repo", requirementIds: ["a", "b"] }]);
  });
});

const learnt = (requirementId: string, more: Partial<Learnt> = {}): Learnt => ({
  requirementId,
  confidence: 1,
  evidenceIds: ["file:a"],
  ...more,
});

describe("prepareKnowledge()", () => {
  const unknown = requirement({ currentConfidence: 0, importance: "blocking" });

  test("asks nothing when all is known", async () => {
    const { decision, steps } = await prepareKnowledge([requirement()], { signal, now: () => now });

    expect(decision.status).toBe("ready");
    expect(steps).toHaveLength(1);
  });

  test("looks first, asks what is still open, and decides again", async () => {
    const seen: string[] = [];
    const repo = requirement({ id: "repo", currentConfidence: 0, acquisitionMode: "inspect_repo" });

    const { decision, requirements, steps } = await prepareKnowledge([unknown, repo], {
      signal,
      now: () => now,
      provider: {
        async executePlan(plan) {
          seen.push(plan.id);
          return [learnt("repo", { value: "monorepo" }), learnt("region", { value: "not asked for" })];
        },
        async answerQuestions(questions) {
          seen.push(...questions.map(({ requirementId }) => requirementId));
          return [learnt("region", { value: "eu", evidenceIds: ["user:ada"] })];
        },
      },
    });

    expect(seen).toEqual(["acquire_inspect_repo", "region"]);
    expect(decision.status).toBe("ready");
    expect(requirements).toMatchObject([
      {
        value: "eu",
        currentConfidence: 1,
        evidenceIds: ["user:ada"],
        lastVerifiedAt: "2026-06-01T00:00:00.000Z",
      },
      { value: "monorepo" },
    ]);
    expect(steps.map(({ type }) => type)).toEqual(["readiness", "plan", "questions", "readiness"]);
  });

  test("takes an assertion without evidence for half known", async () => {
    const provider = { answerQuestions: () => Promise.resolve([learnt("region", { evidenceIds: [] })]) };

    const { decision, requirements } = await prepareKnowledge([unknown], { signal, provider });

    expect(requirements).toMatchObject([{ currentConfidence: 0.5 }]);
    expect(decision).toMatchObject({ passed: false, status: "blocked" });
  });

  test("is blocked, and says why, when those who should know fail", async () => {
    const fails = (): Promise<never> =>
      Promise.reject(new TauError("connector.down", "The connector is down."));
    const repo = requirement({ id: "repo", currentConfidence: 0, acquisitionMode: "query_connector" });

    const { decision, steps } = await prepareKnowledge([unknown, repo], {
      signal,
      provider: { executePlan: fails, answerQuestions: fails },
    });

    expect(decision.passed).toBe(false);
    expect(steps).toMatchObject([
      { type: "readiness" },
      { type: "plan", learnt: 0, error: { code: "connector.down" } },
      { type: "questions", answered: 0, error: { code: "connector.down" } },
      { type: "readiness" },
    ]);
  });

  test("relies on no evidence that is gone, or that nobody can look at", async () => {
    const known = requirement({ evidenceIds: ["memory:a"], importance: "blocking" });
    const run = async (goneEvidence: () => Promise<readonly string[]>): Promise<string> =>
      (await prepareKnowledge([known], { signal, provider: { goneEvidence } })).decision.status;

    expect(await run(() => Promise.resolve([]))).toBe("ready");
    expect(await run(() => Promise.resolve(["memory:a"]))).toBe("blocked");
    expect(await run(() => Promise.reject(new TauError("memory.unavailable", "No disk.")))).toBe("blocked");
  });

  test("keeps no secret, neither of whoever tells one nor of whoever has to say where it is", async () => {
    const key = requirement({ currentConfidence: 0, sensitivity: "secret" });
    const tell = (value: string) => ({
      answerQuestions: () => Promise.resolve([learnt("region", { value })]),
    });

    const told = await prepareKnowledge([key], { signal, provider: tell(`ghp_${"a1".repeat(20)}`) });
    expect(told.decision.status).toBe("blocked");
    expect(JSON.stringify(told)).not.toContain("ghp_a1");
    const named = await prepareKnowledge([key], { signal, provider: tell("In the vault, under deploy.") });
    expect(named.decision.status).toBe("ready");
    expect(JSON.stringify(named.requirements)).not.toContain("vault");
  });

  test("stops when it is told to", async () => {
    const stop = new AbortController();
    const provider = {
      answerQuestions: async () => {
        stop.abort(new Error("stopped"));
        return await Promise.reject(new Error("late"));
      },
    };

    await expect(prepareKnowledge([unknown], { signal: stop.signal, provider })).rejects.toThrow("stopped");
  });
});

describe("parseRequirements()", () => {
  test("fills in what is left out", () => {
    expect(parseRequirements({ requirements: [{ id: "a", description: "The region" }] })).toEqual([
      {
        id: "a",
        description: "The region",
        requiredFor: [],
        category: "domain_specific",
        acquisitionMode: "ask_user",
        importance: "high",
        freshness: "static",
        sensitivity: "private",
        confidenceNeeded: 1,
        currentConfidence: 0,
        evidenceIds: [],
        fallbackPolicy: "ask",
      },
    ]);
    expect(parseRequirements([])).toEqual([]);
  });

  test("names every fault", () => {
    const faulty = [
      { id: "a", description: "x", importance: "huge", confidenceNeeded: 2 },
      { id: "a", requiredFor: "x", secret: true },
      { id: "c", description: "x", sensitivity: "secret", value: "hunter2" },
      7,
    ];

    expect(() => parseRequirements({ requirements: faulty })).toThrow(
      expect.objectContaining({
        code: "readiness.invalid",
        message: expect.stringMatching(
          /\[0\]\.importance must be one of.*\[0\]\.confidenceNeeded.*\[1\]\.description is missing.*\[1\]\.requiredFor.*\[1\]\.secret is no field.*\[2\]\.value must not be there.*\[3\] is no object.*"a" is there more than once/su,
        ),
      }),
    );
    expect(() => parseRequirements({ requirements: faulty })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
    expect(() => parseRequirements("x")).toThrow(expect.objectContaining({ code: "readiness.invalid" }));
  });
});

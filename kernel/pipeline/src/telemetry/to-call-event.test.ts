import type { ModelRequest } from "@tau/agent";
import type { Observation } from "@tau/core";
import { describe, expect, test } from "vitest";

import { withLayers } from "../pipeline.ts";
import { contextOf, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import type { OutputValidator } from "../validation/output-validator.ts";
import { validationLayer } from "../validation/validation-layer.ts";
import { createTelemetry } from "./create-telemetry.ts";
import { createMemoryCallEvents } from "./memory-call-events.ts";

const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };

/** Makes one call that a validator judges, and gives its event and its metrics. */
async function judged(
  verdict: Awaited<ReturnType<OutputValidator["validate"]>>,
  request: ModelRequest = question,
) {
  const events = createMemoryCallEvents();
  const seen: Observation[] = [];
  await using told = createTelemetry({ events, observer: (observation) => void seen.push(observation) });
  const validation = validationLayer({ validators: [{ name: "judge", validate: () => verdict }] });
  const pipeline = withLayers(playing([hello], { price }).model, told.layer, validation);
  await readAll(pipeline.stream(request, contextOf())).catch(() => undefined);
  await told.flush();
  const [event] = await events.read("acme");
  return { event, tokens: seen.filter(({ name }) => name === "gen_ai.client.token.usage").length };
}

describe("the event of a call", () => {
  test("tells what an answer took that a validator rejected: it is billed all the same", async () => {
    const { event, tokens } = await judged({ kind: "reject", reason: "no" });

    expect(event).toMatchObject({
      result: { kind: "error", code: "validation.rejected" },
      usage: { inputTokens: 10, outputTokens: 5 },
      costMicroUsd: 20,
      validation: { outcomes: [{ validator: "judge", outcome: "reject", reason: "no" }] },
    });
    expect(event).not.toHaveProperty("stopReason");
    expect(tokens).toBe(2);
  });

  test.each([
    [{}, false],
    [{ reasoning: "none" }, false],
    [{ reasoning: "high" }, true],
  ] as const)("says whether %o asks for thinking", async (more, hasThinking) => {
    expect((await judged({ kind: "pass" }, { ...question, ...more })).event).toMatchObject({ hasThinking });
  });
});

import { performance } from "node:perf_hooks";

import type { ModelRequest } from "@tau/agent";
import { isJsonObject, TauError } from "@tau/core";
import type { ModelFinished } from "@tau/core";

import type { CallRecord, ValidatorOutcome } from "../call-record.ts";
import type { OutputValidator, Verdict } from "./output-validator.ts";

/** An answer and how to judge it. */
export interface Judged {
  readonly request: ModelRequest;
  readonly answer: ModelFinished;
  readonly record: CallRecord;
}

/**
 * Asks the validators in their order, each about what the one before left of the answer; the first rejection ends
 * it. What they say is in `record.validation`.
 *
 * @throws TauError `validation.rejected`
 */
export async function runValidators(
  validators: readonly OutputValidator[],
  { request, answer, record }: Judged,
): Promise<ModelFinished> {
  const startedMs = performance.now();
  const outcomes: ValidatorOutcome[] = [];
  let current = answer;
  try {
    for (const { name, validate } of validators) {
      const { verdict, cause } = await ask(async () => await validate(request, current));
      outcomes.push(toOutcome(name, verdict));
      if (verdict.kind === "reject") throw rejected(name, verdict.reason, cause);
      if (verdict.kind === "filter") current = verdict.answer;
    }
    return current;
  } finally {
    record.validation = { outcomes, wallMs: performance.now() - startedMs };
  }
}

/** Never throws: what a validator throws is its rejection. */
async function ask(
  validate: () => Promise<unknown>,
): Promise<{ readonly verdict: Verdict; readonly cause?: unknown }> {
  try {
    const verdict = await validate();
    if (isVerdict(verdict)) return { verdict };
    return { verdict: { kind: "reject", reason: "the validator gave no verdict" } };
  } catch (cause) {
    return { verdict: { kind: "reject", reason: "the validator failed" }, cause };
  }
}

function isVerdict(value: unknown): value is Verdict {
  if (!isRecord(value)) return false;
  switch (value["kind"]) {
    case "pass":
      return true;
    case "filter":
      return Array.isArray(value["dropped"]) && isAnswer(value["answer"]);
    case "reject":
      return typeof value["reason"] === "string";
    case "annotate":
      return isJsonObject(value["metrics"]);
    default:
      return false;
  }
}

function isAnswer(value: unknown): boolean {
  if (!isRecord(value) || value["type"] !== "finished") return false;
  const { message, usage, stopReason, model } = value;
  const parts = isRecord(message) ? message["parts"] : undefined;
  return (
    Array.isArray(parts) &&
    parts.every((part: unknown) => isRecord(part) && typeof part["type"] === "string") &&
    isRecord(usage) &&
    typeof stopReason === "string" &&
    typeof model === "string"
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function toOutcome(validator: string, verdict: Verdict): ValidatorOutcome {
  switch (verdict.kind) {
    case "filter":
      return { validator, outcome: "filter", dropped: verdict.dropped };
    case "reject":
      return { validator, outcome: "reject", reason: verdict.reason };
    case "annotate":
      return { validator, outcome: "annotate", metrics: verdict.metrics };
    default:
      return { validator, outcome: "pass" };
  }
}

function rejected(validator: string, reason: string, cause: unknown): TauError {
  return new TauError(
    "validation.rejected",
    `The answer was rejected by "${validator}": ${reason}. Ask again with another prompt, or another model.`,
    { details: { validator, reason }, ...(cause === undefined ? {} : { cause }) },
  );
}

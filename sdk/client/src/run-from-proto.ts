import type { ErrorInfo, RunFinished, RunLimits } from "@tau/core";
import type {
  RunError as ProtoRunError,
  RunFinished as ProtoRunFinished,
  RunLimits as ProtoRunLimits,
} from "@tau/proto";
import { ErrorClass, RunEndReason, wordOf } from "@tau/proto";

import { usageFromProto } from "./content-from-proto.ts";
import { understood } from "./not-understood.ts";
import { optional } from "./optional.ts";

/** Reads the end of a run. */
export function finishedFromProto(
  finished: ProtoRunFinished | undefined,
  runId: string,
  status: RunFinished["status"],
): RunFinished {
  const { reason, steps, usage, costMicroUsd, error } = understood(finished);
  return {
    type: "run_finished",
    runId,
    status,
    reason: understood(wordOf(RunEndReason, reason)),
    steps,
    usage: usageFromProto(usage),
    costMicroUsd: Number(costMicroUsd),
    ...optional("error", error && errorInfoFromProto(error)),
  };
}

function errorInfoFromProto({ code, message, class: errorClass, retryAfterMs }: ProtoRunError): ErrorInfo {
  return {
    code,
    message,
    class: understood(wordOf(ErrorClass, errorClass)),
    ...optional("retryAfterMs", toNumber(retryAfterMs)),
  };
}

/** Reads the limits of a run. */
export function limitsFromProto(limits: ProtoRunLimits | undefined): RunLimits {
  return {
    ...optional("maxSteps", limits?.maxSteps),
    ...optional("maxTokens", toNumber(limits?.maxTokens)),
    ...optional("maxCostMicroUsd", toNumber(limits?.maxCostMicroUsd)),
    ...optional("maxDurationMs", toNumber(limits?.maxDurationMs)),
  };
}

function toNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

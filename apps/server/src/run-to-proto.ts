import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { remedyOf } from "@tau/core";
import type { RunFinished, RunLimits } from "@tau/core";
import type {
  RunFinished as ProtoRunFinished,
  RunLimits as ProtoRunLimits,
  RunResponseSchema,
} from "@tau/proto";
import {
  enumOf,
  ErrorClass,
  RunEndReason,
  RunFinishedSchema,
  RunLimitsSchema,
  sessionStatusOf,
} from "@tau/proto";

import { usageToProto } from "./content-to-proto.ts";
import { optional } from "./optional.ts";

type Case = NonNullable<MessageInitShape<typeof RunResponseSchema>["event"]>;

/** Writes the limits of a run in the words of the contract. */
export function limitsToProto(limits: RunLimits): ProtoRunLimits {
  return create(RunLimitsSchema, {
    ...optional("maxSteps", limits.maxSteps),
    ...optional("maxTokens", toBigInt(limits.maxTokens)),
    ...optional("maxCostMicroUsd", toBigInt(limits.maxCostMicroUsd)),
    ...optional("maxDurationMs", toBigInt(limits.maxDurationMs)),
  });
}

/** Writes the end of a run in the words of the contract: an error event when it failed, else a status event. */
export function runFinishedToProto(event: RunFinished): Case {
  const finished = finishedToProto(event);
  if (event.status !== "failed") {
    return {
      case: "status",
      value: {
        status: sessionStatusOf[event.status],
        message: event.status === "completed" ? "The run completed." : "The run was cancelled.",
        detail: { case: "finished", value: finished },
      },
    };
  }
  return {
    case: "error",
    value: {
      code: event.error?.code ?? `run.${event.reason}`,
      message: event.error?.message ?? `The run failed: ${remedyOf(event.reason) ?? event.reason}.`,
      class: enumOf(ErrorClass, event.error?.class ?? "permanent"),
      ...optional("retryAfterMs", toBigInt(event.error?.retryAfterMs)),
      finished,
    },
  };
}

function finishedToProto({ reason, steps, usage, costMicroUsd, error }: RunFinished): ProtoRunFinished {
  return create(RunFinishedSchema, {
    reason: enumOf(RunEndReason, reason),
    steps,
    usage: usageToProto(usage),
    costMicroUsd: BigInt(costMicroUsd),
    ...(error === undefined
      ? {}
      : {
          error: {
            code: error.code,
            message: error.message,
            class: enumOf(ErrorClass, error.class),
            ...optional("retryAfterMs", toBigInt(error.retryAfterMs)),
          },
        }),
  });
}

function toBigInt(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

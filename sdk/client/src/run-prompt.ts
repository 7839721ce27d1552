import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { userText } from "@tau/core";
import type { RunEvent, RunLimits } from "@tau/core";
import { enumOf, RunMode } from "@tau/proto";
import type { RunLimitsSchema, RuntimeService } from "@tau/proto";

import { partToProto } from "./content-to-proto.ts";
import { failureFromConnect } from "./error-from-connect.ts";
import { eventFromProto } from "./event-from-proto.ts";
import { optional } from "./optional.ts";
import { openStreamCall } from "./stream-call.ts";
import type { RunOptions } from "./tau-client.ts";
import { readinessToProto } from "./work-from-proto.ts";

/** Runs a prompt and streams what happens. Not taken up again by itself: a broken stream may have cancelled the run. */
export async function* runPrompt(
  rpc: Client<typeof RuntimeService>,
  options: RunOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  const { sessionId, prompt, runId, agent, limits, detach = false, untilWaiting = false } = options;
  const { mode, carryOut, readiness } = options;
  const message = typeof prompt === "string" ? userText(prompt) : prompt;
  const request = {
    sessionId,
    parts: message.parts.map(partToProto),
    ...optional("runId", runId),
    ...optional("agent", agent),
    ...optional("limits", limits && limitsToProto(limits)),
    detach,
    untilWaiting,
    ...optional("mode", mode && enumOf(RunMode, mode)),
    ...optional("carryOut", carryOut),
    ...optional("readiness", readiness && readinessToProto(readiness)),
  };
  using call = openStreamCall(options);
  try {
    for await (const response of rpc.run(request, call.options)) {
      const event = eventFromProto(response);
      if (event !== undefined) yield event;
    }
  } catch (thrown) {
    throw failureFromConnect(thrown).error;
  }
}

function limitsToProto(limits: RunLimits): MessageInitShape<typeof RunLimitsSchema> {
  const big = (value: number | undefined): bigint | undefined =>
    value === undefined ? undefined : BigInt(value);
  return {
    ...optional("maxSteps", limits.maxSteps),
    ...optional("maxTokens", big(limits.maxTokens)),
    ...optional("maxCostMicroUsd", big(limits.maxCostMicroUsd)),
    ...optional("maxDurationMs", big(limits.maxDurationMs)),
  };
}

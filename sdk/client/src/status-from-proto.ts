import type { SessionEvent } from "@tau/core";
import type { StatusEvent } from "@tau/proto";
import { sessionStatusWords, WaitingReason, wordOf } from "@tau/proto";

import { partsOf } from "./content-from-proto.ts";
import { NotUnderstood, understood } from "./not-understood.ts";
import { finishedFromProto, limitsFromProto } from "./run-from-proto.ts";

/** Reads how a run began, went on, waits or ended. */
export function statusFromProto({ status, detail }: StatusEvent, runId: string): SessionEvent {
  switch (detail.case) {
    case "started": {
      const { agent, principal, prompt, limits, environment, profile } = detail.value;
      const parts = partsOf(prompt, ["text", "image", "audio", "file"]);
      return {
        type: "run_started",
        runId,
        agent,
        principal,
        prompt: { role: "user", parts },
        limits: limitsFromProto(limits),
        environment,
        profile,
      };
    }
    case "resumed":
      return { type: "run_resumed", runId, rerunEffects: detail.value.rerunEffects };
    case "waiting":
      return {
        type: "run_waiting",
        runId,
        reason: understood(wordOf(WaitingReason, detail.value.reason)),
        approvalIds: detail.value.approvalIds,
      };
    case "finished": {
      const word = sessionStatusWords.get(status);
      if (word !== "completed" && word !== "cancelled") throw new NotUnderstood();
      return finishedFromProto(detail.value, runId, word);
    }
    default:
      throw new NotUnderstood();
  }
}

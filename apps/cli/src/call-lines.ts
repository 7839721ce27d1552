import { formatUsd } from "@tau/core";
import { isCallEvent } from "@tau/pipeline";
import type { CallEvent, StoredCallEvent } from "@tau/pipeline";

import { plain } from "./plain-text.ts";
import type { Style } from "./style.ts";

/** One line for a call: when, whom it asked, what became of it, what it took. */
export function callLine(event: StoredCallEvent, style: Style): string {
  const when = new Date(event.at).toISOString().slice(0, 19).replace("T", " ");
  if (!isCallEvent(event)) return `${when}  ${plain(event.type)} of a newer Tau`;
  const { usage, costMicroUsd, telemetry, sessionId } = event;
  const facts = [
    ...(usage === undefined ? [] : [`${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`]),
    ...(costMicroUsd === undefined ? [] : [formatUsd(costMicroUsd)]),
    `${Math.round(telemetry.totalMs)} ms`,
    ...(telemetry.cacheHit ? [`cache ${telemetry.cacheLevel ?? "hit"}`] : []),
    ...(telemetry.retries.length === 0 ? [] : [`${telemetry.retries.length} repeated`]),
    ...(sessionId === undefined ? [] : [`session ${sessionId}`]),
  ];
  const model = `${event.provider}/${event.actualModel ?? event.model}`;
  return `${when} UTC  ${style("bold", plain(model))}  ${outcome(event, style)}  ${plain(facts.join(" · "))}`;
}

function outcome({ result, stopReason }: CallEvent, style: Style): string {
  switch (result.kind) {
    case "ok":
      return stopReason ?? "ok";
    case "error":
      return style("red", result.code);
    default:
      return "left";
  }
}

function count(tokens: number): string {
  return tokens.toLocaleString("en-US");
}

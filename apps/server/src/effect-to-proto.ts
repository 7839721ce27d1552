import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EffectFinished } from "@tau/core";
import type { ToolCallEventSchema } from "@tau/proto";
import { EffectOutcome, enumOf, ToolCallPhase } from "@tau/proto";

import { partsToProto, structToProto } from "./content-to-proto.ts";
import { optional } from "./optional.ts";

/**
 * Writes the outcome of a tool call in the words of the contract.
 *
 * `result` is the text; `content` repeats it only where the result is more, or other, than one text.
 */
export function effectFinishedToProto(
  event: EffectFinished,
  callArguments: string,
): MessageInitShape<typeof ToolCallEventSchema> {
  const { content } = event.result;
  const texts = content.flatMap((part) => (part.type === "text" ? [part.text] : []));
  const isOneText = content.length === 1 && texts.length === 1 && texts[0] !== "";
  return {
    toolName: event.tool,
    arguments: callArguments,
    result: texts.join("\n"),
    toolCallId: event.callId,
    isError: event.result.isError,
    effectId: event.effectId,
    phase: ToolCallPhase.FINISHED,
    outcome: enumOf(EffectOutcome, event.outcome),
    durationMs: BigInt(event.durationMs),
    content: isOneText ? [] : partsToProto(content),
    ...optional("details", event.details === undefined ? undefined : structToProto(event.details)),
  };
}

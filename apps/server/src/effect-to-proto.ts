import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EffectFinished, ToolResultContent } from "@tau/core";
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
    content: isOneText(content) ? [] : partsToProto(content),
    ...optional("details", event.details === undefined ? undefined : structToProto(event.details)),
  };
}

/** Whether a result is one text and nothing that `result` could not carry. */
function isOneText([first, ...others]: readonly ToolResultContent[]): boolean {
  if (others.length > 0 || first?.type !== "text") return false;
  return first.text !== "" && first.citations === undefined && first.providerData === undefined;
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EffectFinished, TextPart, ToolResultContent } from "@tau/core";
import type { HeldValueSchema, ToolCallEventSchema } from "@tau/proto";
import { EffectOutcome, enumOf, ToolCallPhase } from "@tau/proto";

import { partsToProto, structToProto, usageToProto } from "./content-to-proto.ts";
import { labelToProto } from "./label-to-proto.ts";
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
    ...(isOneText(content) ? labelToProto(content[0].label) : {}),
    ...optional("details", event.details === undefined ? undefined : structToProto(event.details)),
    ...optional("kept", event.kept === undefined ? undefined : structToProto(event.kept)),
    ...keptFromModel(event),
    ...optional(
      "spent",
      event.spent && {
        usage: usageToProto(event.spent.usage),
        costMicroUsd: BigInt(event.spent.costMicroUsd),
      },
    ),
  };
}

/** What the model is not shown, or not to trust. */
function keptFromModel({
  tainted,
  values = {},
}: EffectFinished): Pick<MessageInitShape<typeof ToolCallEventSchema>, "tainted" | "values"> {
  const held: Record<string, MessageInitShape<typeof HeldValueSchema>> = {};
  for (const [handle, { value, label }] of Object.entries(values))
    held[handle] = { value, ...labelToProto(label) };
  return {
    values: held,
    ...optional("tainted", tainted && { paths: [...tainted.paths], ...labelToProto(tainted.label) }),
  };
}

/** Whether a result is one text and nothing that `result` could not carry. */
function isOneText(content: readonly ToolResultContent[]): content is readonly [TextPart] {
  const [first, ...others] = content;
  if (others.length > 0 || first?.type !== "text") return false;
  return first.text !== "" && first.citations === undefined && first.providerData === undefined;
}

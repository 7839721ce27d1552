import type { ToolResultPart } from "@tau/core";
import { labelOfContent } from "@tau/tools/flow";

import { labelsOfHandles } from "./held-values.ts";
import type { Holder } from "./held-values.ts";
import type { ReadyEffect } from "./ready-effect.ts";
import type { RunScope } from "./run-scope.ts";

/**
 * The result that the model is shown: untrusted text is held where the agent wants that, and always where the call passed
 * on what is held, since its answer may repeat it.
 */
export function holdResult(
  { flow, log }: Pick<RunScope, "flow" | "log">,
  { effect, prepared }: ReadyEffect,
  result: ToolResultPart,
  holder: Holder,
): ToolResultPart {
  const label = labelOfContent(result.content);
  if (flow === undefined || label?.integrity !== "untrusted" || prepared.tool.endorses === true)
    return result;
  const passes = labelsOfHandles(effect.call, log.state.values).length > 0;
  if (!flow.holds && !passes) return result;
  const text = result.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const media = result.content.filter((part) => part.type !== "text").map(({ type }) => type);
  const handle = holder.hold(text, label);
  const also = media.length === 0 ? "" : ` Left out, because they cannot be held: ${media.join(", ")}.`;
  const said = `${result.isError ? "The call failed" : "The call was carried out"}. Its answer, ${text.length} characters, is held as ${handle}.${also}`;
  return {
    ...result,
    content: [
      {
        type: "text",
        text: `${said} Ask read_untrusted about it, or pass ${JSON.stringify(handle)} as an argument.`,
      },
    ],
  };
}

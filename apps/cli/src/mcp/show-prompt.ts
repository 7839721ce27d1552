import { isJsonObject } from "@tau/core";
import type { CallContext, Message } from "@tau/core";
import type { McpServerHandle } from "@tau/mcp";

import { visible } from "../plain-text.ts";
import { usageError } from "../usage-error.ts";

/** The approved prompts of a server, a line each: the name and what it takes; what it may do without stands in brackets. */
export function promptLines({ prompts }: McpServerHandle): readonly string[] {
  return prompts.map(({ name, body: { arguments: taken } }) => {
    const names = (Array.isArray(taken) ? taken : []).flatMap((one) => {
      if (!isJsonObject(one) || typeof one["name"] !== "string") return [];
      return [one["required"] === true ? one["name"] : `[${one["name"]}]`];
    });
    return visible([name, ...names].join(" "));
  });
}

/** Fills in a prompt from words such as `file=a.ts`; answers the text of its messages. */
export async function filledPrompt(
  server: McpServerHandle,
  [prompt = "", ...words]: readonly string[],
  call: CallContext,
): Promise<string> {
  const args = words.map((word) => {
    const at = word.indexOf("=");
    if (at <= 0) throw usageError(`${JSON.stringify(word)} is no argument: write name=value.`);
    return [word.slice(0, at), word.slice(at + 1)] as const;
  });
  const messages = await server.getPrompt(prompt, Object.fromEntries(args), call);
  return messages.map(textOf).join("\n\n");
}

function textOf({ parts }: Message): string {
  return parts.map((part) => (part.type === "text" ? visible(part.text) : `[${part.type}]`)).join("\n");
}

import { toolCallsOf } from "@tau/core";
import type { ImagePart, Message, ToolResultPart } from "@tau/core";

/** A conversation as one prompt. */
export interface ConversationPrompt {
  readonly text: string;
  /** The text is lines of JSON below a sentence, not somebody's own words. */
  readonly isJson: boolean;
  /** In the order of the text's `[image N]`. */
  readonly images: readonly ImagePart[];
}

const introduction =
  "The conversation so far, one JSON object a line. Go on as the assistant, in your own words: no JSON around them.";

/**
 * Writes a conversation as one prompt: a single question as it is, a longer one as lines of JSON, in which no
 * text can pass for somebody else's turn. `toolName` is what the command calls a tool.
 */
export function toPrompt(
  messages: readonly Message[],
  toolName: (name: string) => string = (name) => name,
): ConversationPrompt {
  const images: ImagePart[] = [];
  const [only, ...others] = messages;
  if (only?.role === "user" && others.length === 0) {
    return { text: plainText(only, images), isJson: false, images };
  }
  const lines = messages.map((message) => JSON.stringify(toLine(message, { images, toolName })));
  return { text: [introduction, "", ...lines].join("\n"), isJson: true, images };
}

interface Writing {
  readonly images: ImagePart[];
  readonly toolName: (name: string) => string;
}

function toLine(message: Message, writing: Writing): object {
  if (message.role === "tool") {
    return { role: "tool", results: message.parts.map((result) => toResult(result, writing)) };
  }
  const text = plainText(message, writing.images);
  const calls = toolCallsOf(message).map(({ name, arguments: args }) => ({
    name: writing.toolName(name),
    arguments: args,
  }));
  return {
    role: message.role,
    ...(text === "" ? {} : { text }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function toResult(result: ToolResultPart, { images, toolName }: Writing): object {
  const text = plainText({ parts: result.content }, images);
  return { name: toolName(result.name), text, ...(result.isError ? { is_error: true } : {}) };
}

/** Thoughts and provider's items are left out: only who made them can read them. */
function plainText({ parts }: { readonly parts: Message["parts"] }, images: ImagePart[]): string {
  return parts
    .flatMap((part) => {
      if (part.type === "text") return [part.text];
      return part.type === "image" ? [`[image ${images.push(part)}]`] : [];
    })
    .join("\n");
}

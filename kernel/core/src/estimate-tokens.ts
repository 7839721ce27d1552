import type { Message, Part } from "./message.ts";

// Measured against real tokenizers: about four ASCII characters a token, and more than one token for a
// character outside ASCII. Providers' own usage corrects the estimate.
const asciiPerToken = 4;
const tokensPerOther = 1.5;
const tokensPerMedia = 1_500;
const tokensPerMessage = 4;

/** Estimates the tokens of a message. Costs O(message), never O(history). */
export function estimateTokens(message: Message): number {
  let tokens = tokensPerMessage;
  for (const part of message.parts) tokens += tokensOfPart(part);
  return Math.ceil(tokens);
}

/** Estimates the tokens of a text. */
export function estimateTextTokens(text: string): number {
  // UTF-8 bytes beyond one a character tell, natively and fast, how much of the text is not ASCII.
  const beyond = Buffer.byteLength(text) - text.length;
  const others = Math.min(text.length, beyond);
  return (text.length - others) / asciiPerToken + others * tokensPerOther;
}

function tokensOfPart(part: Part): number {
  switch (part.type) {
    case "text":
    case "thinking":
      return estimateTextTokens(part.text);
    case "tool_call":
      return estimateTextTokens(part.name) + estimateTextTokens(part.arguments);
    case "tool_result":
      return part.content.reduce((sum, content) => sum + tokensOfPart(content), 0);
    default:
      return tokensPerMedia;
  }
}

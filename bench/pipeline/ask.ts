import type { Model, ModelRequest } from "@tau/agent";
import { userText } from "@tau/core";

import { benchContext } from "./full-chain.ts";

const context = benchContext();
const instructions = "You are a helpful assistant. Answer briefly. ".repeat(5);
const prompt = "The quick brown fox jumps over the lazy dog. ".repeat(22);
let asked = 0;

/** About 1.2 KB that nobody asked before, flat as from a request's body. */
export function question(maxOutputTokens = 500): ModelRequest {
  const request: ModelRequest = {
    system: instructions,
    messages: [userText(`${prompt}${asked++}`)],
    tools: [],
    temperature: 0,
    maxOutputTokens,
  };
  return JSON.parse(JSON.stringify(request));
}

/** Reads one answer and counts its events. */
export async function ask(model: Model, request: ModelRequest): Promise<number> {
  let events = 0;
  for await (const batch of model.stream(request, context)) events += batch.length;
  return events;
}

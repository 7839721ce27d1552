import { Pool } from "undici";

import { addSchema, prompt } from "./rung.ts";

/** A message as the wire wants it. */
export interface WireMessage {
  readonly role: string;
  readonly content: string | null;
  readonly tool_calls?: readonly WireCall[];
  readonly tool_call_id?: string;
}

interface WireCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { name: string; arguments: string };
}

const tools = [
  { type: "function", function: { name: "add", description: "Adds two numbers.", parameters: addSchema } },
];

/** The loop with no framework at all: undici's dispatch, a hand-made SSE reader, JSON.parse. */
export async function bareRun(
  pool: Pool,
  save?: (messages: readonly WireMessage[]) => Promise<void>,
): Promise<string> {
  const messages: WireMessage[] = [{ role: "user", content: prompt }];
  await save?.(messages);
  for (;;) {
    const body = JSON.stringify({
      model: "mock",
      stream: true,
      stream_options: { include_usage: true },
      messages,
      tools,
    });
    const answer = await ask(pool, body);
    messages.push(answer);
    await save?.([answer]);
    if (answer.tool_calls === undefined) return answer.content ?? "";
    const results = answer.tool_calls.map(runTool);
    messages.push(...results);
    await save?.(results);
  }
}

function runTool(call: WireCall): WireMessage {
  const { a, b }: { a: number; b: number } = JSON.parse(call.function.arguments);
  return { role: "tool", tool_call_id: call.id, content: String(a + b) };
}

function ask(pool: Pool, body: string): Promise<WireMessage> {
  return new Promise((resolve, reject) => {
    let text = "";
    let rest = "";
    const calls: WireCall[] = [];
    const onEvent = (data: string): void => {
      if (data === "[DONE]") return;
      const delta = JSON.parse(data).choices[0]?.delta;
      if (delta === undefined) return;
      if (typeof delta.content === "string") text += delta.content;
      for (const part of delta.tool_calls ?? []) {
        const known = calls[part.index];
        if (known === undefined)
          calls[part.index] = { id: part.id, type: "function", function: { ...part.function } };
        else known.function.arguments += part.function.arguments;
      }
    };
    pool.dispatch(
      { path: "/v1/chat/completions", method: "POST", headers: { "content-type": "application/json" }, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, status) {
          if (status !== 200) reject(new Error(`status ${status}`));
        },
        onResponseData(_controller, chunk) {
          rest += chunk.toString("utf8");
          let end = rest.indexOf("\n\n");
          let start = 0;
          while (end !== -1) {
            onEvent(rest.slice(start + 6, end));
            start = end + 2;
            end = rest.indexOf("\n\n", start);
          }
          rest = rest.slice(start);
        },
        onResponseEnd() {
          resolve({
            role: "assistant",
            content: text === "" ? null : text,
            ...(calls.length > 0 ? { tool_calls: calls } : {}),
          });
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}

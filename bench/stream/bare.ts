import { Pool } from "undici";

import type { Listener, Rung } from "./rung.ts";

/** The floor: undici's dispatch, a hand-made SSE reader, JSON.parse of every event, the text put together. */
export async function openRung(baseUrl: string): Promise<Rung> {
  const pool = new Pool(baseUrl, { pipelining: 1 });
  const body = JSON.stringify({ model: "mock", stream: true, messages: [{ role: "user", content: "Go." }] });
  return {
    prepare: async (pace) => (listener) =>
      read(pool, { path: `/${pace}/v1/chat/completions`, body, listener }),
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

interface Question {
  readonly path: string;
  readonly body: string;
  readonly listener: Listener;
}

function read(pool: Pool, { path, body, listener }: Question): Promise<number> {
  const { onTokens, signal } = listener;
  return new Promise((resolve, reject) => {
    let text = "";
    let rest = "";
    const headers = { "content-type": "application/json" };
    pool.dispatch(
      { path, method: "POST", headers, body },
      {
        onRequestStart(controller) {
          signal?.addEventListener("abort", () => controller.abort(new Error("left")), { once: true });
        },
        onResponseStart() {},
        onResponseData(_controller, chunk) {
          rest += chunk.toString("utf8");
          const before = text.length;
          let tokens = 0;
          let start = 0;
          for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n", start)) {
            const data = rest.slice(start + 6, end);
            start = end + 2;
            if (data === "[DONE]") continue;
            const content: unknown = JSON.parse(data).choices[0]?.delta?.content;
            if (typeof content !== "string" || content === "") continue;
            text += content;
            tokens += 1;
          }
          rest = rest.slice(start);
          if (text.length > before) onTokens(tokens);
        },
        onResponseEnd: () => resolve(text.length),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

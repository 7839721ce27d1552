/** Parts of OpenAI chat completions as a server sends them; every event an HTTP chunk of its own. */

const common = { object: "chat.completion.chunk", created: 1, model: "mock" };

/** The head of a streamed answer. */
export const streamHead: Buffer = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
);

/** What ends a streamed answer. */
export const streamEnd: Buffer = Buffer.concat([chunk("[DONE]"), Buffer.from("0\r\n\r\n")]);

/** The event with the usage, which providers send last. */
export function usageEvent(id: string): string {
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
  return JSON.stringify({ id, ...common, choices: [], usage });
}

/** An event with a piece of the answer `id`; answers of one conversation need ids of their own. */
export function deltaEvent(id: string, delta: object, finish: string | null = null): string {
  return JSON.stringify({ id, ...common, choices: [{ index: 0, delta, finish_reason: finish }] });
}

/** An event as an HTTP chunk. */
export function chunk(data: string): Buffer {
  const payload = Buffer.from(`data: ${data}\n\n`);
  return Buffer.concat([Buffer.from(`${payload.length.toString(16)}\r\n`), payload, Buffer.from("\r\n")]);
}

/** A whole answer, made beforehand so that sending it costs next to nothing. */
export function wholeAnswer(events: readonly string[]): Buffer {
  return Buffer.concat([streamHead, ...events.map(chunk), streamEnd]);
}

/** The events of an answer that says `count` words. */
export function textEvents(id: string, count: number): readonly string[] {
  const words = Array.from({ length: count }, (_, index) =>
    deltaEvent(id, { content: `word${index % 100} ` }),
  );
  const start = deltaEvent(id, { role: "assistant", content: "" });
  return [start, ...words, deltaEvent(id, {}, "stop"), usageEvent(id)];
}

import { streamHead } from "./chat-wire.ts";

/** Parts of OpenAI Responses as a server sends them; every event an HTTP chunk of its own. */

/** A piece of the answer; `number` counts the events of the stream. */
export function responsesDelta(text: string, number: number): Buffer {
  return event("response.output_text.delta", {
    sequence_number: number,
    item_id: "msg_0ad69c3c5fcb01f60068eba7956c948193be6ab573376051d6",
    output_index: 0,
    content_index: 0,
    delta: text,
    logprobs: [],
    obfuscation: "z823ifMVbk",
  });
}

/** A whole answer that says `count` words, made beforehand so that sending it costs next to nothing. */
export function responsesAnswer(count: number): Buffer {
  const words = Array.from({ length: count }, (_, index) => `word${index % 100} `);
  const content = [{ type: "output_text", text: words.join(""), annotations: [] }];
  const item = { type: "message", id: "msg_1", role: "assistant", status: "completed" };
  const usage = { input_tokens: 100, output_tokens: 20, total_tokens: 120 };
  const response = { id: "resp_1", model: "mock", status: "completed", usage };
  return Buffer.concat([
    streamHead,
    event("response.created", { sequence_number: 0, response: { ...response, status: "in_progress" } }),
    ...words.map((word, index) => responsesDelta(word, index + 1)),
    event("response.completed", {
      sequence_number: count + 1,
      response: { ...response, output: [{ ...item, content }] },
    }),
    Buffer.from("0\r\n\r\n"),
  ]);
}

function event(type: string, fields: object): Buffer {
  const payload = Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  return Buffer.concat([Buffer.from(`${payload.length.toString(16)}\r\n`), payload, Buffer.from("\r\n")]);
}

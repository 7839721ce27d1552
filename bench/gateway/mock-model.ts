/** The model behind the gateways: 20 words, as a stream of 23 events or as one JSON, made beforehand. */
import { textEvents, wholeAnswer } from "../lib/chat-wire.ts";
import { serveRaw } from "../lib/raw-server.ts";

const words = Array.from({ length: 20 }, (_, index) => `word${index} `).join("");
const message = { role: "assistant", content: words };
const json = Buffer.from(
  JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "mock",
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  }),
);
const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n`;
const whole = Buffer.concat([Buffer.from(head), json]);
const stream = wholeAnswer(textEvents("chatcmpl-1", 20));

serveRaw(({ body }, socket) => socket.write(body.includes('"stream":true') ? stream : whole));

/**
 * The model of the agent-loop benchmark: a process of its own that answers OpenAI chat completions with
 * buffers made beforehand, so that it never is the bottleneck. Ten tool calls, then a text; every event is
 * an HTTP chunk of its own, as real providers send them. Prints its port.
 */
import { createServer } from "node:net";
import type { Socket } from "node:net";

const toolTurns = 10;
const assistant = Buffer.from('"role":"assistant"');
const headerEnd = Buffer.from("\r\n\r\n");

function chunk(data: string): Buffer {
  const payload = Buffer.from(`data: ${data}\n\n`);
  return Buffer.concat([Buffer.from(`${payload.length.toString(16)}\r\n`), payload, Buffer.from("\r\n")]);
}

function event(delta: object, finish: string | null = null): string {
  return JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "mock",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
}

const usage = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "mock",
  choices: [],
  usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
});

function reply(events: readonly string[]): Buffer {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
  return Buffer.concat([Buffer.from(head), ...events.map(chunk), chunk("[DONE]"), Buffer.from("0\r\n\r\n")]);
}

function toolReply(turn: number): Buffer {
  const call = (fields: object): string => event({ tool_calls: [{ index: 0, ...fields }] });
  return reply([
    event({ role: "assistant", content: null }),
    call({ id: `call_${turn}`, type: "function", function: { name: "add", arguments: "" } }),
    call({ function: { arguments: '{"a":' } }),
    call({ function: { arguments: `${turn},"b":1}` } }),
    event({}, "tool_calls"),
    usage,
  ]);
}

const replies = Array.from({ length: toolTurns }, (_, turn) => toolReply(turn));
const words = Array.from({ length: 20 }, (_, index) => event({ content: `word${index} ` }));
const answer = reply([event({ role: "assistant", content: "" }), ...words, event({}, "stop"), usage]);

/** Answers by the number of assistant messages in the request, so that no state is kept between requests. */
function replyTo(body: Buffer): Buffer {
  let turn = 0;
  for (let at = body.indexOf(assistant); at !== -1; at = body.indexOf(assistant, at + 1)) turn += 1;
  return replies[turn] ?? answer;
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  let pending = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    for (;;) {
      const end = pending.indexOf(headerEnd);
      if (end === -1) return;
      const length = bodyLength(pending.toString("latin1", 0, end));
      const total = end + 4 + length;
      if (pending.length < total) return;
      socket.write(replyTo(pending.subarray(end + 4, total)));
      pending = pending.subarray(total);
    }
  });
}

function bodyLength(head: string): number {
  return Number(/content-length: *(\d+)/iu.exec(head)?.[1] ?? 0);
}

const server = createServer(serve).listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
// The driver holds our input open; when it is gone, so are we.
process.stdin.resume().on("end", () => process.exit(0));

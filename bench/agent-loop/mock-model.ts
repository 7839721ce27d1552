/**
 * The model of the agent loop, in a process of its own: ten tool calls, then a text. It counts the assistant
 * messages of the request, so that it keeps nothing between requests.
 */
import { deltaEvent, textEvents, usageEvent, wholeAnswer } from "../lib/chat-wire.ts";
import { serveRaw } from "../lib/raw-server.ts";

const toolTurns = 10;
const assistant = Buffer.from('"role":"assistant"');

function toolAnswer(turn: number): Buffer {
  const id = `chatcmpl-${turn}`;
  const call = (fields: object): string => deltaEvent(id, { tool_calls: [{ index: 0, ...fields }] });
  return wholeAnswer([
    deltaEvent(id, { role: "assistant", content: null }),
    call({ id: `call_${turn}`, type: "function", function: { name: "add", arguments: "" } }),
    call({ function: { arguments: '{"a":' } }),
    call({ function: { arguments: `${turn},"b":1}` } }),
    deltaEvent(id, {}, "tool_calls"),
    usageEvent(id),
  ]);
}

const toolAnswers = Array.from({ length: toolTurns }, (_, turn) => toolAnswer(turn));
const lastAnswer = wholeAnswer(textEvents("chatcmpl-last", 20));

serveRaw(({ body }, socket) => {
  let turn = 0;
  for (let at = body.indexOf(assistant); at !== -1; at = body.indexOf(assistant, at + 1)) turn += 1;
  socket.write(toolAnswers[turn] ?? lastAnswer);
});

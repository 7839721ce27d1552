/**
 * The model of the stream benchmark, in a process of its own. The path says how it answers: `/burst` 20,000
 * tokens as fast as the socket takes them, `/short` 20 tokens, `/held` one token a second until the client leaves.
 */
import type { Socket } from "node:net";

import { chunk, deltaEvent, streamHead, textEvents, wholeAnswer } from "../lib/chat-wire.ts";
import { serveRaw } from "../lib/raw-server.ts";
import { responsesAnswer, responsesDelta } from "../lib/responses-wire.ts";
import { burstTokens } from "./rung.ts";

const chat = {
  burst: wholeAnswer(textEvents("chatcmpl-1", burstTokens)),
  short: wholeAnswer(textEvents("chatcmpl-1", 20)),
  token: chunk(deltaEvent("chatcmpl-1", { content: "word " })),
};
const responses = {
  burst: responsesAnswer(burstTokens),
  short: responsesAnswer(20),
  token: responsesDelta("word ", 1),
};

/** Each stream has a timer of its own, so that they do not wake the client all at once. */
function hold(socket: Socket, token: Buffer): void {
  socket.write(Buffer.concat([streamHead, token]));
  const timer = setInterval(() => socket.write(token), 1_000);
  socket.on("close", () => clearInterval(timer));
}

serveRaw(({ path }, socket) => {
  const wire = path.endsWith("/responses") ? responses : chat;
  if (path.startsWith("/held")) hold(socket, wire.token);
  else socket.write(path.startsWith("/burst") ? wire.burst : wire.short);
});

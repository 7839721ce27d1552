/**
 * The model of the stream benchmark, in a process of its own. The path says how it answers: `/burst` 20,000
 * tokens as fast as the socket takes them, `/short` 20 tokens, `/held` one token a second until the client leaves.
 */
import type { Socket } from "node:net";

import { chunk, deltaEvent, streamHead, textEvents, wholeAnswer } from "../lib/chat-wire.ts";
import { serveRaw } from "../lib/raw-server.ts";
import { burstTokens } from "./rung.ts";

const burst = wholeAnswer(textEvents("chatcmpl-1", burstTokens));
const short = wholeAnswer(textEvents("chatcmpl-1", 20));
const token = chunk(deltaEvent("chatcmpl-1", { content: "word " }));

/** Each stream has a timer of its own, so that they do not wake the client all at once. */
function hold(socket: Socket): void {
  socket.write(Buffer.concat([streamHead, token]));
  const timer = setInterval(() => socket.write(token), 1_000);
  socket.on("close", () => clearInterval(timer));
}

serveRaw(({ path }, socket) => {
  if (path.startsWith("/held")) hold(socket);
  else socket.write(path.startsWith("/burst") ? burst : short);
});

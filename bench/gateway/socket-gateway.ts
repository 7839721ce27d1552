/**
 * The same as `bare-gateway.ts` over bare sockets, without an HTTP server or client: what is left is the system's part and
 * JSON. No gateway may be written like this; it shows what of a gateway's cost is Node's HTTP.
 * `node socket-gateway.ts <base url of the model>`.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";

import { serveRaw } from "../lib/raw-server.ts";
import { exchange } from "./load.ts";
import { rewriteEvents, rewriteJson } from "./rewrite.ts";

const { hostname, port } = new URL(process.argv[2] ?? "");
const idle: Socket[] = [];

function open(): Socket {
  return connect({ host: hostname, port: Number(port), noDelay: true });
}

async function forward(body: string): Promise<string> {
  const text = rewriteJson(body);
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n`;
  const socket = idle.pop() ?? open();
  const answer = await exchange(socket, `${head}content-length: ${text.length}\r\n\r\n${text}`);
  idle.push(socket);
  const [, content = ""] = answer.split("\r\n\r\n", 2);
  const streams = content.includes("data: ");
  const written = streams ? rewriteEvents(withoutChunks(answer)) : rewriteJson(content);
  const type = streams ? "text/event-stream" : "application/json";
  return `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${written.length}\r\n\r\n${written}`;
}

/** The model sends an event in a chunk of its own: its lines are the data. */
function withoutChunks(answer: string): string {
  return answer
    .split("\r\n")
    .filter((line) => line.startsWith("data: "))
    .join("");
}

serveRaw(({ body }, socket) => {
  forward(body.toString("latin1")).then(
    (answer) => socket.write(answer),
    () => socket.destroy(),
  );
});

import { createServer } from "node:net";
import type { Socket } from "node:net";

const headEnd = Buffer.from("\r\n\r\n");

/** Answers one POST by writing to its socket. */
export type Answer = (request: { readonly path: string; readonly body: Buffer }, socket: Socket) => void;

/**
 * Serves HTTP/1.1 over a bare socket on a free port of loopback, prints the port and ends with its input.
 * It knows POST with a content length and nothing else, and so it never is the bottleneck.
 */
export function serveRaw(answer: Answer): void {
  const server = createServer((socket) => readRequests(socket, answer)).listen(0, "127.0.0.1", () => {
    const address = server.address();
    process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
  });
  // The driver holds our input open; when it is gone, so are we.
  process.stdin.resume().on("end", () => process.exit(0));
}

function readRequests(socket: Socket, answer: Answer): void {
  socket.setNoDelay(true);
  let pending: Buffer = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    for (;;) {
      const end = pending.indexOf(headEnd);
      if (end === -1) return;
      const head = pending.toString("latin1", 0, end);
      const total = end + 4 + Number(/content-length: *(\d+)/iu.exec(head)?.[1] ?? 0);
      if (pending.length < total) return;
      answer({ path: head.split(" ", 2)[1] ?? "", body: pending.subarray(end + 4, total) }, socket);
      pending = pending.subarray(total);
    }
  });
}

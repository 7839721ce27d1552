/** The floor: Connect's frames written by hand on Node's HTTP/2, all tokens of a tick in one message. */
import { createServer } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import { setImmediate as nextTick } from "node:timers/promises";

import { create, toBinary } from "@bufbuild/protobuf";
import { RunResponseSchema } from "@tau/proto";

import { answerTokens, batchTokens, noStats, reportFigures, token } from "./rung.ts";

function envelope(flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

async function answer(stream: ServerHttp2Stream): Promise<void> {
  stream.respond({ ":status": 200, "content-type": "application/connect+proto" });
  for (let sent = 0; sent < answerTokens; sent += batchTokens) {
    await nextTick();
    let text = "";
    for (let one = sent; one < Math.min(sent + batchTokens, answerTokens); one++) text += token;
    const message = create(RunResponseSchema, { event: { case: "token", value: { text } }, runId: "run" });
    const frame = envelope(0, toBinary(RunResponseSchema, message));
    await new Promise((resolve) => stream.write(frame, resolve));
  }
  stream.end(envelope(2, Buffer.from("{}")));
}

const server = createServer();
server.on("stream", (stream) => {
  answer(stream).catch((error: unknown) => stream.destroy(error instanceof Error ? error : undefined));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  reportFigures(typeof address === "object" && address !== null ? address.port : 0, noStats);
});

/** What a generated service does by itself: connect-node, and a message for each token. */
import { createServer } from "node:http2";
import { setImmediate as nextTick } from "node:timers/promises";

import { create } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { RunResponseSchema, RuntimeService } from "@tau/proto";
import type { RunResponse } from "@tau/proto";

import { answerTokens, batchTokens, noStats, reportFigures, token } from "./rung.ts";

async function* run(): AsyncGenerator<RunResponse, void, undefined> {
  for (let sent = 0; sent < answerTokens; sent++) {
    if (sent % batchTokens === 0) await nextTick();
    yield create(RunResponseSchema, { event: { case: "token", value: { text: token } }, runId: "run" });
  }
}

const server = createServer(
  connectNodeAdapter({ routes: (router) => router.service(RuntimeService, { run }) }),
);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  reportFigures(typeof address === "object" && address !== null ? address.port : 0, noStats);
});

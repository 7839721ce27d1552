/**
 * The least that a gateway does: an HTTP server of Node, a request and an answer that are parsed and written anew, and undici
 * behind; no layer, no model. What it costs, every gateway on Node pays. `node bare-gateway.ts <base url of the model>`.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { isJsonObject, parseJson } from "@tau/core";
import { Pool } from "undici";
import type { Dispatcher } from "undici";

import { rewriteEvents, rewriteJson } from "./rewrite.ts";
import { textIn } from "./text-in.ts";

const [baseUrl = ""] = process.argv.slice(2);
const pool = new Pool(baseUrl, { allowH2: false });
const headers = { "content-type": "application/json", authorization: "Bearer none" };

function forward(body: string, response: ServerResponse): void {
  const parsed = parseJson(body);
  const streams = parsed.ok && isJsonObject(parsed.value) && parsed.value["stream"] === true;
  const chunks: Buffer[] = [];
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseStart: () => undefined,
    onResponseData: (_, chunk) => void chunks.push(chunk),
    onResponseEnd() {
      const answer = textIn(chunks);
      const text = streams ? rewriteEvents(answer) : rewriteJson(answer);
      const type = streams ? "text/event-stream" : "application/json";
      response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(text) });
      response.end(text);
    },
    onResponseError: () => response.destroy(),
  };
  const path = "/v1/chat/completions";
  pool.dispatch({ path, method: "POST", headers, body: rewriteJson(body) }, handler);
}

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => forward(textIn(chunks), response));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));

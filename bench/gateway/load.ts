import { connect } from "node:net";
import type { Socket } from "node:net";

import { cpuMsOfProcess } from "../lib/cpu-of-process.ts";
import { quantile } from "../lib/statistics.ts";

/** What a gateway did under load. */
export interface LoadSample {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU that the gateway took for a request, its collector of garbage included. */
  readonly cpuMicros: number;
}

/** Whom to load and how. */
export interface LoadOptions {
  readonly origin: string;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: boolean;
  readonly connections: number;
  readonly ms: number;
}

const prompt = "The quick brown fox jumps over the lazy dog. ".repeat(22);
let asked = 0;

/**
 * Asks over and over on so many connections, each time something that nobody asked before. Over bare sockets: a client of
 * HTTP takes more of the two cores than some of the gateways.
 */
export async function load(options: LoadOptions): Promise<LoadSample> {
  const { origin, pid, connections, ms } = options;
  const { hostname, port } = new URL(origin);
  const took: number[] = [];
  const end = performance.now() + ms;
  const worker = async (): Promise<void> => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    try {
      while (performance.now() < end) {
        const request = requestOf(options);
        const start = performance.now();
        const answer = await exchange(socket, request);
        if (!answer.startsWith("HTTP/1.1 200") || !answer.includes("word")) {
          throw new Error(`The gateway answered: ${answer.slice(0, 300)}`);
        }
        took.push(performance.now() - start);
      }
    } finally {
      socket.destroy();
    }
  };
  const cpuMs = await cpuMsOfProcess(pid);
  await Promise.all(Array.from({ length: connections }, worker));
  const cpuTakenMs = (await cpuMsOfProcess(pid)) - cpuMs;
  return {
    requestsPerSecond: (took.length * 1_000) / ms,
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    cpuMicros: (cpuTakenMs * 1_000) / took.length,
  };
}

function requestOf({ origin, headers, stream }: LoadOptions): string {
  const messages = [{ role: "user", content: `${prompt}${asked++}` }];
  const body = JSON.stringify({ model: "mock", stream, messages, max_tokens: 500, temperature: 0 });
  const all = {
    host: new URL(origin).host,
    "content-type": "application/json",
    ...headers,
    "content-length": `${body.length}`,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /v1/chat/completions HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

/** Sends a request and reads one whole answer. */
export async function exchange(socket: Socket, request: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    let answer = "";
    const read = (data: Buffer): void => {
      answer += data.toString("latin1");
      if (!isWhole(answer)) return;
      forget();
      resolve(answer);
    };
    const failed = (error?: Error): void => {
      forget();
      reject(error ?? new Error("The gateway closed the connection."));
    };
    const forget = (): void => {
      socket.off("data", read).off("error", failed).off("close", failed);
    };
    socket.on("data", read).on("error", failed).on("close", failed);
    socket.write(request);
  });
}

/** All of these end with a content length or with the last chunk. */
function isWhole(answer: string): boolean {
  const head = answer.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /^content-length: *(\d+)/im.exec(answer.slice(0, head))?.[1];
  return length === undefined ? answer.endsWith("\r\n0\r\n\r\n") : answer.length >= head + 4 + Number(length);
}

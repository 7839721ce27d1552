/**
 * Tokens over one Connect stream, from a model in the server's process to a client in this one: tokens a second
 * and the server's CPU a token, beside hand-written HTTP/2 and plain connect-node. And what slow clients hold.
 *
 * `node --conditions=@tau/source bench/rpc.ts [--rounds 5] [--json]`
 */
import { startService } from "./lib/child.ts";
import type { Service } from "./lib/child.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import { median, medianRatio } from "./lib/statistics.ts";
import { countTokens, openClient } from "./rpc/client.ts";
import { answerTokens, batchTokens, token } from "./rpc/rung.ts";
import type { ServerFigures } from "./rpc/rung.ts";
import { measureSlowClients } from "./rpc/slow-clients.ts";

const slowClients = 100;
const rungs = ["bare-http2", "tau", "connect-node"] as const;

interface Sample {
  readonly micros: number;
  readonly tokensPerSecond: number;
  readonly tokensPerMessage: number;
  readonly seen: number;
}

/** Streams one answer on a connection that is warm; `sessionId` means nothing to the rungs without sessions. */
async function measure(server: Service, sessionId: string): Promise<Sample> {
  const client = openClient(server.baseUrl);
  const before = await server.ask<ServerFigures>("figures");
  const start = performance.now();
  const { characters, messages } = await countTokens(client, sessionId);
  const seconds = (performance.now() - start) / 1_000;
  const after = await server.ask<ServerFigures>("figures");
  const tokens = characters / token.length;
  return {
    micros: ((after.cpuMs - before.cpuMs) * 1_000) / tokens,
    tokensPerSecond: tokens / seconds,
    tokensPerMessage: tokens / messages,
    seen: tokens / answerTokens,
  };
}

const { rounds, json } = benchOptions(5);
await using bare = await startService(new URL("rpc/bare-http2.ts", import.meta.url));
await using tau = await startService(new URL("rpc/tau.ts", import.meta.url));
await using connect = await startService(new URL("rpc/connect-node.ts", import.meta.url));
const servers = { "bare-http2": bare, tau, "connect-node": connect };

const newSession = async (rung: (typeof rungs)[number]): Promise<string> =>
  rung === "tau" ? (await openClient(tau.baseUrl).createSession({})).sessionId : "none";

for (const rung of rungs) {
  for (let warm = 0; warm < 3; warm++) await measure(servers[rung], await newSession(rung));
}
const samples = await inRounds(rungs, rounds, async (rung) => measure(servers[rung], await newSession(rung)));
const slow = await measureSlowClients(slowClients);

const all = (rung: (typeof rungs)[number], key: keyof Sample): readonly number[] =>
  samples.of(rung).map((sample) => sample[key]);
const of = (rung: (typeof rungs)[number], key: keyof Sample): number => median(all(rung, key));

printReport(
  {
    bench: "rpc",
    rows: rungs.map((rung) => ({
      rung,
      "tokens/s": rounded(of(rung, "tokensPerSecond")),
      "server µs CPU/token": rounded(of(rung, "micros")),
      "× bare": rounded(medianRatio(all(rung, "micros"), all("bare-http2", "micros"))),
      "tokens/message": rounded(of(rung, "tokensPerMessage")),
      "seen %": rounded(of(rung, "seen") * 100),
    })),
    goals: [
      {
        what: "rpc: tokens a second on one stream",
        measured: of("tau", "tokensPerSecond"),
        unit: "/s",
        limit: 1_000_000,
        atLeast: true,
      },
      {
        what: "rpc: bytes buffered for a slow client",
        measured: slow.peakStreamBytes / 1_024,
        unit: "KiB",
        limit: 64,
      },
    ],
    notes: [
      `${answerTokens.toLocaleString("en")} tokens of ${token.length} bytes; the model gives ${batchTokens} of them a turn of the event loop.`,
      `${slowClients} clients that took nothing of 100 answers of 2,000 tokens: the server's heap and buffers grew by ${rounded(slow.heldBytesEach / 1_024)} KiB for each, all that an attached stream needs included.`,
    ],
  },
  json,
);
process.exit(0);

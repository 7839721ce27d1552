import { startService } from "../lib/child.ts";
import type { Service } from "../lib/child.ts";
import { countTokens, openClient } from "./client.ts";
import type { ServerFigures } from "./rung.ts";

/** What clients cost that take nothing while answers stream. */
export interface SlowClients {
  /** What the server counts for the client that it holds the most for, in bytes. */
  readonly peakStreamBytes: number;
  /** What the server's heap and buffers grew by for each of them, the counted bytes included. */
  readonly heldBytesEach: number;
}

// Answers of a usual length: an event that is larger than a buffer by itself is let through whole.
const answerTokens = 2_000;
const answers = 100;

/** Attaches `count` clients that read one message and then stop, and runs answers past them. */
export async function measureSlowClients(count: number): Promise<SlowClients> {
  await using server = await startService(new URL("tau.ts", import.meta.url), [String(answerTokens)]);
  const fast = openClient(server.baseUrl);
  const { sessionId } = await fast.createSession({});
  const grow = async (): Promise<number> => {
    const before = await server.ask<ServerFigures>("figures");
    for (let one = 0; one < answers; one++) await countTokens(fast, sessionId);
    return (await server.ask<ServerFigures>("figures")).heldBytes - before.heldBytes;
  };
  for (let warm = 0; warm < 3; warm++) await grow();
  // The journal is in memory too: what it grows by is not the clients'.
  const journalBytes = await grow();
  const leave = new AbortController();
  const before = await server.ask<ServerFigures>("figures");
  const streams = await attachSlowly(server, { sessionId, count, signal: leave.signal });
  for (let one = 0; one < answers; one++) await countTokens(fast, sessionId);
  const after = await server.ask<ServerFigures>("figures");
  leave.abort();
  await Promise.allSettled(streams.map((stream) => stream.next()));
  return {
    peakStreamBytes: after.peakStreamBytes,
    heldBytesEach: (after.heldBytes - before.heldBytes - journalBytes) / count,
  };
}

interface Wanted {
  readonly sessionId: string;
  readonly count: number;
  readonly signal: AbortSignal;
}

/** Each client has a connection of its own, as people have. */
async function attachSlowly(
  { baseUrl }: Service,
  { sessionId, count, signal }: Wanted,
): Promise<readonly AsyncIterator<unknown>[]> {
  const streams: AsyncIterator<unknown>[] = [];
  for (let one = 0; one < count; one++) {
    const attached = openClient(baseUrl).attach({ sessionId, fromSeq: 1n }, { signal });
    const stream = attached[Symbol.asyncIterator]();
    await stream.next();
    streams.push(stream);
  }
  return streams;
}

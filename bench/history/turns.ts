import { createInterface } from "node:readline";

import { cpuMsOf } from "../lib/statistics.ts";

/** Where the cost of a turn is looked at: how many turns the session had before. */
export const depths = [100, 1_000, 10_000] as const;
/** Sessions that have turns at the same time. */
export const busySessions = 50;

// A few turns at a time, so that what slows the machine slows all that are compared.
const turnsOfWindow = 20;
const busyTurnsEach = 10;
// Pages of a file are many turns long.
const turnsForBytes = 100;

/** What the person says, and what the model answers: 200 bytes each. */
export const said = "A person says something that is two hundred bytes long. ".padEnd(200, "x");
/** The model's token, of which an answer has 10. */
export const answerToken = "twenty bytes a token";

/** What to do next: turns of the session of that depth, of all busy sessions at once, or what turns leave behind. */
export type TurnTask = `depth ${number}` | "busy" | `bytes ${number}`;

/** What turns in a row cost, each. */
export interface TurnWindow {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** What a turn leaves behind. */
export interface TurnBytes {
  /** What was appended, without what the store adds. */
  readonly payloadBytes: number;
  /** What the files grew by; 0 where there are none. */
  readonly fileBytes: number;
}

/** One way to have turns. */
export interface TurnRung {
  /** Begins a session and answers its id. */
  begin(): Promise<string>;
  /** One turn of a session: a prompt and its answer, both durable. */
  turn(session: string): Promise<void>;
  /** Bytes appended so far, and bytes on disk. */
  bytes(): { readonly payload: number; readonly file: number };
}

/**
 * Brings sessions to their depths, prints the id of the deepest, and then does one {@link TurnTask} for every line of input and prints
 * what it cost.
 */
export async function serveTurns(rung: TurnRung): Promise<void> {
  const sessions = await beginAll(rung, depths.length);
  for (const [index, depth] of depths.entries()) await haveTurns(rung, sessions[index] ?? "", depth);
  const busy = await beginAll(rung, busySessions);
  await Promise.all(busy.map((session) => haveTurns(rung, session, busyTurnsEach)));
  print(sessions.at(-1));
  for await (const line of createInterface(process.stdin)) {
    const [task, place] = line.split(" ");
    const session = sessions[Number(place)] ?? "";
    if (task === "bytes") print(await bytesOf(rung, session));
    else print(task === "busy" ? await busyWindow(rung, busy) : await windowOf(rung, session));
  }
}

function print(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function beginAll({ begin }: TurnRung, count: number): Promise<readonly string[]> {
  return await Promise.all(Array.from({ length: count }, begin));
}

async function haveTurns({ turn }: TurnRung, session: string, count: number): Promise<void> {
  for (let one = 0; one < count; one++) await turn(session);
}

async function windowOf(rung: TurnRung, session: string): Promise<TurnWindow> {
  return await costOf(turnsOfWindow, () => haveTurns(rung, session, turnsOfWindow));
}

async function busyWindow(rung: TurnRung, sessions: readonly string[]): Promise<TurnWindow> {
  return await costOf(sessions.length * busyTurnsEach, () =>
    Promise.all(sessions.map((session) => haveTurns(rung, session, busyTurnsEach))),
  );
}

async function costOf(turns: number, act: () => Promise<unknown>): Promise<TurnWindow> {
  const start = performance.now();
  const cpuMs = await cpuMsOf(act);
  return { cpuMs: cpuMs / turns, wallMs: (performance.now() - start) / turns };
}

async function bytesOf(rung: TurnRung, session: string): Promise<TurnBytes> {
  const before = rung.bytes();
  await haveTurns(rung, session, turnsForBytes);
  const after = rung.bytes();
  return {
    payloadBytes: (after.payload - before.payload) / turnsForBytes,
    fileBytes: (after.file - before.file) / turnsForBytes,
  };
}

/** What a rung without Tau does for one message; done when it is durable. */
export interface BareRung extends Pick<TurnRung, "bytes"> {
  say(session: string, role: string, text: string): Promise<void>;
}

/** Turns of two messages. */
export async function serveBareTurns({ say, bytes }: BareRung): Promise<void> {
  let sessions = 0;
  await serveTurns({
    begin: async () => String(++sessions),
    turn: async (session) => {
      await say(session, "user", said);
      await say(session, "assistant", answerToken.repeat(10));
    },
    bytes,
  });
}

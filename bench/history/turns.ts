import { cpuMsOf, median, medianRatio } from "../lib/statistics.ts";

/** Where the cost of a turn is looked at: how many turns the session had before. */
export const depths = [100, 1_000, 10_000] as const;

// Sessions of all depths take turns at being measured, a few turns each, so that what slows the machine slows all of them.
const measuredRounds = 25;
const turnsARound = 20;
// Bytes are the same however busy the machine is; pages of a file are many turns long.
const turnsForBytes = 100;

/** What the person says, and what the model answers: 200 bytes each. */
export const said = "A person says something that is two hundred bytes long. ".padEnd(200, "x");
/** The model's token, of which an answer has 10. */
export const answerToken = "twenty bytes a token";

/** What turns at one depth cost, each. */
export interface TurnCost {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** `cpuMs` ÷ that of the shallowest session, round by round. */
  readonly cpuOverShallowest: number;
  /** Bytes of what was appended, without what the store adds. */
  readonly payloadBytes: number;
  /** Bytes that the files grew by; 0 where there are none. */
  readonly fileBytes: number;
}

/** One way to have turns. */
export interface TurnRung {
  /** One turn of a session: a prompt and its answer, both durable. */
  turn(session: string): Promise<void>;
  /** Bytes appended so far, and bytes on disk. */
  bytes(): { readonly payload: number; readonly file: number };
}

/** Brings the sessions, one for each depth, to their depths and then measures turns of each. */
export async function measureTurns(
  rung: TurnRung,
  sessions: readonly string[],
): Promise<readonly TurnCost[]> {
  const sessionAt = (index: number): string => sessions[index] ?? "";
  for (const [index, depth] of depths.entries()) await haveTurns(rung, sessionAt(index), depth);
  const samples: Window[][] = depths.map(() => []);
  for (let round = 0; round < measuredRounds; round++) {
    const order = [...samples.entries()];
    for (const [index, windows] of round % 2 === 0 ? order : order.toReversed()) {
      windows.push(await measureWindow(rung, sessionAt(index)));
    }
  }
  const costs: TurnCost[] = [];
  for (const [index, windows] of samples.entries()) {
    const cpuMs = windows.map((window) => window.cpuMs);
    costs.push({
      cpuMs: median(cpuMs),
      wallMs: median(windows.map(({ wallMs }) => wallMs)),
      cpuOverShallowest: medianRatio(cpuMs, samples[0]?.map((window) => window.cpuMs) ?? []),
      ...(await measureBytes(rung, sessionAt(index))),
    });
  }
  return costs;
}

type Window = Pick<TurnCost, "cpuMs" | "wallMs">;

async function haveTurns({ turn }: TurnRung, session: string, count: number): Promise<void> {
  for (let one = 0; one < count; one++) await turn(session);
}

async function measureWindow(rung: TurnRung, session: string): Promise<Window> {
  const start = performance.now();
  const cpuMs = await cpuMsOf(() => haveTurns(rung, session, turnsARound));
  return { cpuMs: cpuMs / turnsARound, wallMs: (performance.now() - start) / turnsARound };
}

async function measureBytes(
  rung: TurnRung,
  session: string,
): Promise<Pick<TurnCost, "payloadBytes" | "fileBytes">> {
  const before = rung.bytes();
  await haveTurns(rung, session, turnsForBytes);
  const after = rung.bytes();
  return {
    payloadBytes: (after.payload - before.payload) / turnsForBytes,
    fileBytes: (after.file - before.file) / turnsForBytes,
  };
}

/** Sessions that have turns at the same time. */
export const busySessions = 50;

/** CPU ms of a turn when {@link busySessions} sessions have turns at the same time, each one after the other. */
export async function measureBusy(turnOf: (session: number) => Promise<void>): Promise<number> {
  const turnsEach = 40;
  const lanes = async (turns: number): Promise<void> => {
    const lane = async (session: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) await turnOf(session);
    };
    await Promise.all(Array.from({ length: busySessions }, (_, session) => lane(session)));
  };
  await lanes(10);
  return (await cpuMsOf(() => lanes(turnsEach))) / busySessions / turnsEach;
}

/** What a worker prints. */
export interface Turns {
  readonly costs: readonly TurnCost[];
  readonly busyCpuMs: number;
  /** The deepest session. */
  readonly sessionId: string;
}

/** What a rung without Tau does for one message; done when it is durable. */
export interface BareRung {
  say(session: string, role: string, text: string): Promise<void>;
  /** Bytes said so far, and bytes on disk. */
  bytes(): { readonly payload: number; readonly file: number };
}

/** Measures turns of two messages, of one session and of many. */
export async function measureBare({ say, bytes }: BareRung): Promise<Turns> {
  const turn = async (session: string): Promise<void> => {
    await say(session, "user", said);
    await say(session, "assistant", answerToken.repeat(10));
  };
  const costs = await measureTurns({ turn, bytes }, depths.map(String));
  return { costs, busyCpuMs: await measureBusy((session) => turn(`busy ${session}`)), sessionId: "" };
}

import { cpuMsOf } from "../lib/statistics.ts";

/** Where the cost of a turn is looked at: how many turns came before. */
export const depths = [100, 1_000, 10_000] as const;

/** Turns that are measured at each depth, half of them before it. */
export const windowTurns = 100;

/** What the person says, and what the model answers: 200 bytes each. */
export const said = "A person says something that is two hundred bytes long. ".padEnd(200, "x");
/** The model's token, of which an answer has 10. */
export const answerToken = "twenty bytes a token";

/** What turns at one depth cost, each. */
export interface TurnCost {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Bytes of what was appended, without what the store adds. */
  readonly payloadBytes: number;
  /** Bytes that the files grew by; 0 where there are none. */
  readonly fileBytes: number;
}

/** One way to have turns. */
export interface TurnRung {
  /** One turn: a prompt and its answer, both durable. */
  turn(): Promise<void>;
  /** Bytes appended so far, and bytes on disk. */
  bytes(): { readonly payload: number; readonly file: number };
}

/** Has turns up to the deepest depth and measures around each. */
export async function measureTurns({ turn, bytes }: TurnRung): Promise<readonly TurnCost[]> {
  const costs: TurnCost[] = [];
  let turns = 0;
  const goOnTo = async (count: number): Promise<void> => {
    for (; turns < count; turns++) await turn();
  };
  for (const depth of depths) {
    await goOnTo(depth - windowTurns / 2);
    const before = bytes();
    globalThis.gc?.();
    const cpu = process.cpuUsage();
    const start = performance.now();
    await goOnTo(depth + windowTurns / 2);
    const wallMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    const after = bytes();
    costs.push({
      cpuMs: (user + system) / 1_000 / windowTurns,
      wallMs: wallMs / windowTurns,
      payloadBytes: (after.payload - before.payload) / windowTurns,
      fileBytes: (after.file - before.file) / windowTurns,
    });
  }
  return costs;
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

import { setImmediate as others } from "node:timers/promises";

import type { JailLauncher, JailVector } from "../bubblewrap-process.ts";
import type { JailFiles } from "./same-jail.ts";
import { showsTheSame } from "./same-jail.ts";
import type { SpareJail } from "./spare-jail.ts";
import { startSpareJail } from "./spare-jail.ts";

/**
 * How many wait in a process at most. While they do, no more are prepared: with more owners than that, each would end the
 * others' before it is used, and every command would cost two jails.
 */
const mostOfProcess = 4;

/** A jail that waits for a command, or will in a moment. */
export interface WaitingJail {
  /**
   * Hands it over when a jail that is made now would be the same; else ends it, and answers undefined. Throws the signal's
   * reason.
   */
  take(signal: AbortSignal): Promise<SpareJail | undefined>;
  /** Whether it was refused because the circumstances had changed since it was started: no jail of before would have done. */
  isOvertaken(): boolean;
  /** Keeps this process running until it waits, and from then on. */
  claimed(): Promise<void>;
  /** Ends it. */
  drop(): void;
}

/** What a waiting jail is made of. */
export interface WaitingOptions {
  readonly launcher: JailLauncher;
  readonly vector: JailVector;
  /** What the vector's arguments make of its files. */
  readonly files: JailFiles;
  /** The command line of what waits in it. */
  readonly waiting: readonly string[];
  /** How long it waits. */
  readonly idleMs: number;
  /** What a jail gets beside its vector: see `circumstances()`. */
  readonly circumstances: () => string | undefined;
  /** Called once when it waits no more: taken, or with the promise of its end. */
  readonly onLeft: (end: Promise<void> | undefined) => void;
}

/** Those of all owners in this process. */
const ofProcess = new Set<WaitingJail>();

/** Whether no more should be started. */
export function isFull(): boolean {
  return ofProcess.size >= mostOfProcess;
}

/** Starts a {@link WaitingJail}. */
export function startWaiting({
  launcher,
  vector,
  files,
  waiting,
  idleMs,
  circumstances,
  onLeft,
}: WaitingOptions): WaitingJail {
  const before = circumstances();
  let overtaken = false;
  const starting = startSpareJail(launcher, vector, waiting).catch(() => undefined);
  const leave = (): boolean => {
    clearTimeout(idle);
    return ofProcess.delete(item);
  };
  const end = async (): Promise<void> => await (await starting)?.end();
  const isSame = (spare: SpareJail): boolean => {
    const pid = spare.firstProcess();
    if (pid === undefined || before === undefined) return false;
    overtaken = circumstances() !== before;
    return !overtaken && showsTheSame(pid, files);
  };
  const item: WaitingJail = {
    async take(signal) {
      if (!leave()) return undefined;
      const spare = await starting;
      if (spare !== undefined && (await isReady(spare, signal)) && isSame(spare) && !signal.aborted) {
        onLeft(undefined);
        return spare;
      }
      onLeft(end());
      signal.throwIfAborted();
      return undefined;
    },
    isOvertaken: () => overtaken,
    async claimed() {
      const spare = await starting;
      spare?.claim();
      await spare?.ready;
    },
    drop() {
      if (leave()) onLeft(end());
    },
  };
  const idle = setTimeout(item.drop, idleMs).unref();
  ofProcess.add(item);
  // One that died of itself still holds its pipes.
  starting.then((spare) => spare?.ended).then(item.drop, item.drop);
  return item;
}

/** Waits until it waits. */
async function isReady(spare: SpareJail, signal: AbortSignal): Promise<boolean> {
  spare.claim();
  const stop = (): void => {
    spare.end().catch(() => undefined);
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const ready = await spare.ready;
    // What bubblewrap said of it may come with the same turn, after it.
    if (ready && spare.firstProcess() === undefined) await others();
    return ready;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

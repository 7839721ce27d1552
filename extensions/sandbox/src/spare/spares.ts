import { setImmediate as others } from "node:timers/promises";

import type { JailLauncher, JailVector } from "../bubblewrap-process.ts";
import { circumstances } from "./circumstances.ts";
import type { JailFiles } from "./same-jail.ts";
import { jailFiles, showsTheSame } from "./same-jail.ts";
import type { SpareJail } from "./spare-jail.ts";
import { startSpareJail } from "./spare-jail.ts";

/** How many wait at most: in this process, and for one owner. */
const most = { ofProcess: 4, ofOwner: 2 } as const;
/** How long no command must have run before the next jail is prepared: those that come one upon the other are not held up. */
const restMs = 10;
/** After so many in a row that were of no use, no more are prepared. */
const maxUseless = 3;

/**
 * The jails that are prepared for next commands, so that those begin sooner. A command gets one that is the very jail which
 * would be made for it now, or none. None is prepared before a first command has run, and none serves a second one.
 */
export interface Spares extends AsyncDisposable {
  /**
   * To be called when a command begins. Hands over the jail that waits and is what `vector` describes; undefined when
   * there is none. Throws the signal's reason.
   */
  take(vector: JailVector, signal: AbortSignal): Promise<SpareJail | undefined>;
  /** To be called when that command, with whatever it was run, has ended: once it rests, the next jail is prepared. */
  ended(vector: JailVector): void;
  /** Prepares at once what would be prepared soon; settles once it waits. Until it is taken, it keeps this process running. */
  hurry(): Promise<void>;
}

/** Options of {@link createSpares}. */
export interface SparesOptions {
  /** The command line of what waits in them: see `spareLauncher()`. */
  readonly waiting: readonly string[];
  /** How long one waits for a command. */
  readonly idleMs: number;
}

/** A jail that waits, or will soon. */
interface Waiting {
  readonly files: JailFiles;
  /** Before it was started. */
  readonly circumstances: string | undefined;
  readonly starting: Promise<SpareJail | undefined>;
  /** Takes it off the lists. */
  forget(): void;
  /** Ends it. */
  drop(): void;
}

/** All of this process, the one that waits longest first. */
const ofProcess = new Set<Waiting>();

/** Makes the {@link Spares} of one owner. */
export function createSpares(launcher: JailLauncher, { waiting, idleMs }: SparesOptions): Spares {
  const known = new Map<string, Waiting>();
  const ending = new Set<Promise<void>>();
  let running = 0;
  let useless = 0;
  let closed = false;
  let next: { readonly timer: NodeJS.Timeout; readonly start: () => void } | undefined;

  const cancel = (): void => {
    clearTimeout(next?.timer);
    next = undefined;
  };

  const end = (starting: Waiting["starting"]): void => {
    const done = starting
      .then((spare) => spare?.end())
      .catch(() => undefined)
      .finally(() => ending.delete(done));
    ending.add(done);
  };

  const start = (vector: JailVector, files: JailFiles): void => {
    makeRoom(known.values(), known.size - most.ofOwner);
    makeRoom(ofProcess, ofProcess.size - most.ofProcess);
    const key = keyOf(vector);
    const before = circumstances();
    const starting = startSpareJail(launcher, vector, waiting).catch(() => undefined);
    const idle = setTimeout(() => item.drop(), idleMs).unref();
    const item: Waiting = {
      files,
      circumstances: before,
      starting,
      forget() {
        clearTimeout(idle);
        if (known.get(key) === item) known.delete(key);
        ofProcess.delete(item);
      },
      drop() {
        item.forget();
        end(starting);
      },
    };
    known.set(key, item);
    ofProcess.add(item);
    // One that died of itself still holds its pipes.
    const died = (): void => (known.get(key) === item ? item.drop() : undefined);
    starting.then((spare) => spare?.ended).then(died, died);
  };

  return {
    async take(vector, signal) {
      running++;
      cancel();
      const item = known.get(keyOf(vector));
      if (item === undefined) return undefined;
      item.forget();
      const spare = await item.starting;
      const fits = spare !== undefined && (await isReady(spare, signal)) && isSame(spare, item);
      if (fits && !signal.aborted) {
        useless = 0;
        return spare;
      }
      end(item.starting);
      signal.throwIfAborted();
      useless++;
      return undefined;
    },
    ended(vector) {
      running--;
      const files = jailFiles(vector.arguments);
      if (closed || running > 0 || useless >= maxUseless || files === undefined) return;
      if (known.has(keyOf(vector))) return;
      cancel();
      const begin = (): void => {
        next = undefined;
        start(vector, files);
      };
      next = { start: begin, timer: setTimeout(begin, restMs).unref() };
    },
    async hurry() {
      const due = next;
      cancel();
      due?.start();
      for (const { starting } of known.values()) {
        const spare = await starting;
        spare?.claim();
        await spare?.ready;
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      cancel();
      for (const item of known.values()) item.drop();
      while (ending.size > 0) await Promise.all(ending);
    },
  };
}

/** Ends the first ones, so that there is room for one more. */
function makeRoom(items: Iterable<Waiting>, excess: number): void {
  for (const item of [...items].slice(0, Math.max(0, excess + 1))) item.drop();
}

/** Everything that is set when a jail is made: equal keys, equal jails, as far as words go. */
function keyOf({ arguments: words, variables, filter }: JailVector): string {
  return [...words, ...Object.entries(variables).flat(), Buffer.from(filter).toString("latin1")].join("\0");
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

/** Whether a jail that is made now would be the same in what no words say. */
function isSame(spare: SpareJail, { files, circumstances: before }: Waiting): boolean {
  const pid = spare.firstProcess();
  if (pid === undefined || before === undefined) return false;
  return circumstances() === before && showsTheSame(pid, files);
}

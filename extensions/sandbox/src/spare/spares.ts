import type { JailLauncher, JailVector } from "../bubblewrap-process.ts";
import { circumstances } from "./circumstances.ts";
import { jailFiles } from "./same-jail.ts";
import type { SpareJail } from "./spare-jail.ts";
import type { WaitingJail } from "./waiting-jail.ts";
import { isFull, startWaiting } from "./waiting-jail.ts";

/** How many wait for one owner at most: commands that write and commands that only read take turns. */
const mostOfOwner = 2;
/** How long after the beginning or the end of a command the next jail is prepared: those that come at once are not held up. */
const restMs = 10;
/** After so many in a row that were not what they should be, no more are prepared. */
const maxUseless = 3;

/** A command's jail. */
export interface WantedJail {
  readonly vector: JailVector;
  /** The vector that such a command would get by then. */
  again(): Promise<JailVector>;
}

/**
 * The jails that are prepared for next commands, so that those begin sooner. A command gets one that is the very jail which
 * would be made for it now, or none. None is prepared before a first command has run, and none serves a second one.
 */
export interface Spares extends AsyncDisposable {
  /** When a command begins: hands over the jail that waits for such a one, if any does. Throws the signal's reason. */
  take(wanted: WantedJail, signal: AbortSignal): Promise<SpareJail | undefined>;
  /** When that command has ended, whatever it ran in. */
  ended(wanted: WantedJail): void;
  /** Prepares at once what would be prepared soon; settles once it waits. Until it is taken, it keeps this process running. */
  hurry(): Promise<void>;
}

/** Options of {@link createSpares}. */
export interface SparesOptions {
  /** The command line of what waits in them: see `spareLauncher()`. */
  readonly waiting: readonly string[];
  /** How long one waits for a command. */
  readonly idleMs: number;
  /** What a jail gets from the machine and from this process. Default: what they say. */
  readonly circumstances?: typeof circumstances;
}

/** Makes the {@link Spares} of one owner. */
export function createSpares(launcher: JailLauncher, options: SparesOptions): Spares {
  const known = new Map<string, WaitingJail>();
  const ending = new Set<Promise<void>>();
  let useless = 0;
  let closed = false;
  let next: { readonly timer: NodeJS.Timeout; readonly prepare: () => void } | undefined;
  let preparing: Promise<void> | undefined;

  const cancel = (): void => {
    clearTimeout(next?.timer);
    next = undefined;
  };

  const start = (vector: JailVector): void => {
    const key = keyOf(vector);
    const files = jailFiles(vector.arguments);
    if (closed || files === undefined || known.has(key)) return;
    for (const item of [...known.values()].slice(0, Math.max(0, known.size + 1 - mostOfOwner))) item.drop();
    if (isFull()) return;
    const onLeft = (end: Promise<void> | undefined): void => {
      if (known.get(key) === item) known.delete(key);
      if (end === undefined) return;
      const done = end.catch(() => undefined).finally(() => ending.delete(done));
      ending.add(done);
    };
    const item = startWaiting({ circumstances, ...options, launcher, vector, files, onLeft });
    known.set(key, item);
  };

  const prepareSoon = ({ vector, again }: WantedJail): void => {
    cancel();
    if (closed || useless >= maxUseless || isFull() || known.has(keyOf(vector))) return;
    const prepare = (): void => {
      next = undefined;
      // Where its folder is gone, for example, the next command will say so.
      preparing = again()
        .then(start)
        .catch(() => undefined);
    };
    next = { prepare, timer: setTimeout(prepare, restMs).unref() };
  };

  return {
    async take(wanted, signal) {
      cancel();
      const key = keyOf(wanted.vector);
      const item = known.get(key);
      if (item === undefined) return undefined;
      known.delete(key);
      const spare = await item.take(signal);
      if (spare !== undefined) useless = 0;
      // Where others mount things, for example, it is no fault of these jails.
      else if (!item.isOvertaken()) useless++;
      if (spare !== undefined) prepareSoon(wanted);
      return spare;
    },
    ended(wanted) {
      if (next === undefined) prepareSoon(wanted);
    },
    async hurry() {
      const due = next;
      cancel();
      due?.prepare();
      await preparing;
      for (const item of known.values()) await item.claimed();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      cancel();
      for (const item of known.values()) item.drop();
      while (ending.size > 0) await Promise.all(ending);
    },
  };
}

/** Everything that is set when a jail is made: equal keys, equal jails, as far as words go. */
function keyOf({ arguments: words, variables, filter }: JailVector): string {
  return [...words, ...Object.entries(variables).flat(), Buffer.from(filter).toString("latin1")].join("\0");
}

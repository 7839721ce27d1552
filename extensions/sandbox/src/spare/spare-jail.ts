import { Socket } from "node:net";

import type { SpawnedProcess } from "@tau/tools";
import { spawnProcess } from "@tau/tools";

import type { BubblewrapProcess, JailLauncher, JailVector } from "../bubblewrap-process.ts";
import { spawnInBubblewrap } from "../bubblewrap-process.ts";
import { endBubblewrap } from "../end-bubblewrap.ts";
import { jailDescriptors } from "../jail-arguments.ts";

/** A jail that is ready but for its command. */
export interface SpareJail {
  /** Settles once it waits for its command; false: it never will. */
  readonly ready: Promise<boolean>;
  /** Settles when it is dead, of itself or not. */
  readonly ended: Promise<void>;
  /** The number of process 1 outside of the jail; undefined once it is dead. */
  firstProcess(): number | undefined;
  /** Before, it keeps no program running: whoever waits for it claims it. */
  claim(): void;
  /** Describes the start of the command of `order`; the jail is then that command's, and ends as it does. */
  withOrder(order: Uint8Array): OrderedJail;
  /** Ends a jail that got no order; settles when nothing of it is alive. */
  end(): Promise<void>;
}

/** A spare jail with the command that it is to become. */
export interface OrderedJail extends BubblewrapProcess {
  /** Begins the command. */
  begin(): SpawnedProcess;
}

/**
 * Starts a jail in which `waiting` waits for the command. It gets no variables but what bubblewrap itself sets: nothing
 * that a command brings acts on it. Throws `environment.failed` when it cannot be started.
 */
export async function startSpareJail(
  launcher: JailLauncher,
  vector: JailVector,
  waiting: readonly string[],
): Promise<SpareJail> {
  const bare = { ...vector, arguments: ["--clearenv", ...vector.arguments] };
  const starting: BubblewrapProcess[] = [];
  const spawned = await spawnProcess(
    {
      ...(launcher.pipes === undefined ? {} : { pipes: launcher.pipes }),
      spawn(stdio) {
        const process = spawnInBubblewrap(launcher, bare, { argv: waiting, stdio, ownPipe: true });
        process.child.unref();
        starting.push(process);
        return process.child;
      },
    },
    false,
  );
  const [process] = starting;
  const pipes: readonly unknown[] = spawned.child.stdio;
  const order = pipes[jailDescriptors.order];
  if (process === undefined || !(order instanceof Socket))
    throw new TypeError("The pipe to the spare jail is missing.");
  const { child, status } = process;
  const sockets = [...child.stdio, spawned.streams.stdout, spawned.streams.stderr].filter(
    (stream) => stream instanceof Socket,
  );
  for (const socket of sockets) socket.unref();
  // An error means that the other end is dead; its exit says so.
  order.on("error", () => order.destroy());
  child.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const waits = new Promise<true>((resolve) => order.once("data", () => resolve(true)));
  const claim = (): void => {
    child.ref();
    for (const socket of sockets) socket.ref();
  };

  return {
    ready: Promise.race([waits, ended.then(() => false)]),
    ended,
    firstProcess: () =>
      child.exitCode === null && child.signalCode === null ? status.firstProcess() : undefined,
    claim,
    withOrder: (data) => ({
      ...process,
      begin() {
        order.end(data);
        return spawned;
      },
    }),
    async end() {
      claim();
      await endBubblewrap(process);
      for (const socket of sockets) socket.destroy();
      spawned.streams.destroy();
    },
  };
}

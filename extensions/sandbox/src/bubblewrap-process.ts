import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { Duplex, Readable } from "node:stream";

import type { CommandStdio, PipePool } from "@tau/tools";

import { coverInherited } from "./inherited-descriptors.ts";
import { jailArguments, jailDescriptors } from "./jail-arguments.ts";
import type { JailSettings } from "./jail-settings.ts";
import type { JailStatus } from "./jail-status.ts";
import { followStatus } from "./jail-status.ts";
import type { JailView } from "./jail-view.ts";

/** How one command is put into bubblewrap; tests weaken it to see that the self-test notices. */
export interface JailVector {
  readonly arguments: readonly string[];
  readonly filter: Uint8Array;
  /** Of bubblewrap itself; the command gets them, too. */
  readonly variables: Readonly<Record<string, string>>;
  /** Set inside of the jail only. */
  readonly innerVariables: Readonly<Record<string, string>>;
}

/** The vector that every command gets. */
export function jailVector(settings: JailSettings, view: JailView): JailVector {
  return {
    arguments: jailArguments(view),
    filter: settings.filter,
    variables: settings.bwrapVariables,
    innerVariables: view.variables,
  };
}

/** What starts a process. */
export interface JailLauncher extends Pick<JailSettings, "bwrapPath" | "prefix" | "limits"> {
  readonly pipes?: PipePool;
  /** What the parent of this process left open: see {@link coverInherited}. */
  readonly inherited: readonly number[];
  /** Put before bubblewrap's own command line. */
  readonly wrapping?: readonly string[];
}

/** What runs in bubblewrap. */
export interface BubblewrapCommand {
  readonly argv: readonly string[];
  readonly stdio: CommandStdio["child"];
  /** Whether it gets a pipe of its own beside the three standard streams: see {@link jailDescriptors}. */
  readonly ownPipe: boolean;
}

/** A process in bubblewrap, and what bubblewrap says of it. */
export interface BubblewrapProcess {
  readonly child: ChildProcess;
  readonly status: JailStatus;
}

/** Starts bubblewrap. Throws what `spawn` throws, and a `TypeError` for a zero character. */
export function spawnInBubblewrap(
  launcher: JailLauncher,
  vector: Pick<JailVector, "arguments" | "filter" | "variables">,
  { argv, stdio, ownPipe }: BubblewrapCommand,
): BubblewrapProcess {
  // In there, arguments end with a zero: one that contains it would be two, and the second one nobody's intention.
  if (vector.arguments.some((item) => item.includes("\0")))
    throw new TypeError("A variable or a path of the command contains a zero character.");
  const own = [...stdio, "pipe", "pipe", "pipe", ...(ownPipe ? ["pipe" as const] : [])] as const;
  const covered = coverInherited(launcher.inherited, own.length);
  const [program, ...wrapped] = [...(launcher.wrapping ?? []), launcher.bwrapPath];
  const child = spawn(
    program,
    [...wrapped, "--args", String(jailDescriptors.arguments), "--", ...launcher.prefix, ...argv],
    {
      cwd: "/",
      env: vector.variables,
      detached: true, // signals of Tau's terminal are Tau's to answer
      stdio: [...own, ...covered.stdio],
    },
  );
  covered.close();
  const [, , , toArguments, toSeccomp, fromStatus]: readonly unknown[] = child.stdio;
  send(toArguments, vector.arguments.map((item) => `${item}\0`).join(""));
  send(toSeccomp, vector.filter);
  if (!(fromStatus instanceof Readable)) throw new TypeError("The pipe from bubblewrap cannot be read.");
  return { child, status: followStatus(fromStatus) };
}

function send(stream: unknown, data: string | Uint8Array): void {
  if (!(stream instanceof Duplex)) throw new TypeError("The pipe to bubblewrap cannot be written.");
  // bubblewrap may give up before it has read everything; its exit says so.
  stream.on("error", () => stream.destroy());
  stream.end(data);
}

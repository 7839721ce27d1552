import { Worker } from "node:worker_threads";

import { offAbort, onAbort } from "@tau/core";

import type { FromThread, ScriptEnd, ToThread } from "./protocol.ts";

/** A script and what it may use. */
export interface ScriptRun {
  readonly code: string;
  readonly memoryBytes: number;
  /** Makes a call; what goes wrong with it is an answer. */
  readonly call: (
    name: string,
    args: string,
  ) => Promise<{ readonly text: string; readonly isError: boolean }>;
}

const maxPrintedChars = 1_000_000;

/**
 * Runs a script in a thread of its own, in an engine that has no files, network, clock or modules: it reaches nothing
 * but `call`. The thread is ended when the script ends, or `signal` aborts; nothing of it goes on.
 *
 * @throws `signal.reason`, and what `call` throws
 */
export async function runScript(run: ScriptRun, signal: AbortSignal): Promise<ScriptEnd> {
  signal.throwIfAborted();
  const thread = startThread();
  const send = (message: ToThread): void => thread.postMessage(message);
  try {
    return await new Promise<ScriptEnd>((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      onAbort(signal, abort);
      const settle = (work: () => void): void => {
        offAbort(signal, abort);
        work();
      };
      thread.on("message", (message: FromThread) => {
        if (message.type === "end") return settle(() => resolve(message));
        const { id } = message;
        run.call(message.name, message.args).then(
          ({ text, isError }) => send({ type: "reply", id, text, isError }),
          (error: unknown) => settle(() => reject(error)),
        );
      });
      thread.on("error", (error) => settle(() => resolve(crashed(error.message))));
      thread.on("exit", () => settle(() => resolve(crashed("the engine ended"))));
      send({ type: "run", code: run.code, memoryBytes: run.memoryBytes, maxPrintedChars });
    });
  } finally {
    await thread.terminate();
  }
}

function crashed(reason: string): ScriptEnd {
  return { type: "end", printed: "", error: `The script was ended: ${reason}.` };
}

function startThread(): Worker {
  // The same file with another ending: as written here, or as built. What it imports has to be as written, too.
  const asWritten = import.meta.url.endsWith(".ts");
  const file = new URL(asWritten ? "./script-thread.ts" : "./script-thread.js", import.meta.url);
  return new Worker(file, {
    name: "tau-script",
    env: {},
    execArgv: ["--disable-warning=ExperimentalWarning", ...(asWritten ? ["--conditions=@tau/source"] : [])],
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
}

import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { isJsonObject, offAbort, onAbort, TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { childProgram, runner } from "./child-program.ts";

/** A script, and what it may use. */
export interface PyodideJob {
  readonly code: string;
  readonly state: JsonObject;
  readonly memoryBytes: number;
  readonly maxFileBytes: number;
}

const maxPrintedChars = 1_000_000;

/**
 * Runs a script in a process of its own, which is killed when it is done or `signal` aborts; answers what the process
 * said, which is to be looked at before it is believed.
 *
 * @throws `signal.reason`; TauError `pyodide.ended`
 */
export async function runPyodide(job: PyodideJob, signal: AbortSignal): Promise<JsonObject> {
  signal.throwIfAborted();
  const pyodide = import.meta.resolve("pyodide");
  const child = spawn(
    process.execPath,
    [
      "--permission",
      `--allow-fs-read=${dirname(fileURLToPath(pyodide))}`,
      "--disallow-code-generation-from-strings",
      "--max-old-space-size=256",
      "--disable-warning=ExperimentalWarning",
      "--disable-warning=SecurityWarning",
      "--input-type=module",
      "--eval",
      childProgram,
    ],
    { stdio: ["ignore", "ignore", "ignore", "ipc"], env: {}, cwd: "/" },
  );
  const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
  const exited = new Promise((done) => child.once("exit", done));
  const abort = (): void => reject(signal.reason);
  onAbort(signal, abort);
  child.once("message", (answer) => resolve(isJsonObject(answer) ? answer : {}));
  child.once("error", (cause) => reject(ended(cause)));
  child.once("exit", () => reject(ended(undefined)));
  child.send({ ...job, pyodide, runner, maxPrintedChars });
  try {
    return await promise;
  } finally {
    offAbort(signal, abort);
    child.kill("SIGKILL");
    if (child.pid !== undefined) await exited;
  }
}

function ended(cause: unknown): TauError {
  return new TauError(
    "pyodide.ended",
    "The Python process ended before the script did, most often for want of memory: ask it for less.",
    cause === undefined ? {} : { cause },
  );
}

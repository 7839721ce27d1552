import type { ExecRequest, ExecResult } from "../environment.ts";
import type { ProcessControl } from "./start-process.ts";
import { startProcess } from "./start-process.ts";

/** The longest delay that timers know. */
const maxTimeoutMs = 2 ** 31 - 1;

/** What of an {@link ExecRequest} matters once the process is described. */
export type ProcessRequest = Pick<ExecRequest, "stdin" | "timeoutMs" | "onOutput">;

/**
 * Runs one process to its end, and to the end of everything that it started.
 *
 * Rejects with the signal's reason when `signal` aborts. Throws `environment.failed` when it cannot be started.
 */
export async function runProcess(
  control: ProcessControl,
  { stdin, timeoutMs, onOutput }: ProcessRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  const options = { withInput: stdin !== undefined, ...(onOutput === undefined ? {} : { onOutput }) };
  const running = await startProcess(control, options, signal);
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = running.end();
    },
    Math.min(timeoutMs, maxTimeoutMs),
  );
  try {
    if (stdin !== undefined) {
      // A command may end without reading its input: that is its business, not a failure.
      running.write(stdin).catch(() => undefined);
      running.closeInput();
    }
    return { ...(await running.exit), timedOut };
  } finally {
    clearTimeout(timer);
  }
}

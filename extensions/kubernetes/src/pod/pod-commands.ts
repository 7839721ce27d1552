import type { ExecRequest, ExecResult, OwnedEnvironment } from "@tau/tools";
import { createRunningSet } from "@tau/tools";

import type { PodPlace } from "./pod-process.ts";
import { startPodProcess } from "./pod-process.ts";

/** The longest delay that timers know. */
const maxTimeoutMs = 2 ** 31 - 1;

/** Commands and processes of a pod; disposal ends them and refuses new ones. */
export type PodCommands = Pick<OwnedEnvironment, "exec" | "start"> &
  AsyncDisposable & {
    /** How many processes that live beside their call are running. */
    living(): number;
  };

/** Makes {@link PodCommands}. */
export function createPodCommands(place: PodPlace): PodCommands {
  const running = createRunningSet();
  let living = 0;
  return {
    living: () => living,
    exec: async (request, signal) => await running.add(run(place, request, running.limit(signal))),
    async start(request, signal) {
      const started = await running.addStarted(startPodProcess(place, request, running.limit(signal)));
      living++;
      started.exit
        .catch(() => undefined)
        .finally(() => {
          living--;
        });
      const { end: _, ...process } = started;
      return {
        ...process,
        async kill() {
          await process.kill();
          await Promise.allSettled([process.exit]);
        },
      };
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

async function run(place: PodPlace, request: ExecRequest, signal: AbortSignal): Promise<ExecResult> {
  const { stdin, timeoutMs, ...rest } = request;
  const input = stdin === undefined ? { input: false as const } : {};
  const process = await startPodProcess(place, { ...rest, ...input }, signal);
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = process.end();
    },
    Math.min(timeoutMs, maxTimeoutMs),
  );
  try {
    if (stdin !== undefined) {
      // A command may end without reading its input: that is its business, not a failure.
      process.write(stdin).then(process.closeInput, () => undefined);
    }
    return { ...(await process.exit), timedOut };
  } finally {
    clearTimeout(timer);
  }
}

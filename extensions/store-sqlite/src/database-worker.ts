import { Worker } from "node:worker_threads";

// A thread takes 25 to 45 ms of CPU to start; one that closed its store well serves the next one.
const maxParked = 2;
const parked: Worker[] = [];

/** Starts a database thread, or takes one that is free. It does not keep the process alive until it is `ref`ed. */
export function takeWorker(): Worker {
  const free = parked.pop();
  if (free !== undefined) {
    forgetListeners(free);
    return free;
  }
  // The same file with another ending: as written here, or as built. What it imports has to be as written, too.
  const asWritten = import.meta.url.endsWith(".ts");
  const file = new URL(asWritten ? "./database-thread.ts" : "./database-thread.js", import.meta.url);
  // None of the process's own flags, such as modules to load first: they would only cost time here.
  const execArgv = [
    "--disable-warning=ExperimentalWarning",
    ...(asWritten ? ["--conditions=@tau/source"] : []),
  ];
  const worker = new Worker(file, { name: "tau-store", execArgv });
  worker.unref();
  return worker;
}

/** Gives back a thread that has no store open. */
export async function parkWorker(worker: Worker): Promise<void> {
  forgetListeners(worker);
  worker.unref();
  if (parked.length >= maxParked) {
    await worker.terminate();
    return;
  }
  const forget = (): void => {
    const place = parked.indexOf(worker);
    if (place !== -1) parked.splice(place, 1);
  };
  worker.on("error", forget);
  worker.on("exit", forget);
  parked.push(worker);
}

/** Only ours: Node listens to its workers too. */
function forgetListeners(worker: Worker): void {
  for (const event of ["message", "messageerror", "error", "exit"]) worker.removeAllListeners(event);
}

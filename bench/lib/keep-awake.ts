import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/**
 * Keeps every CPU from sleeping until it is disposed of, by a loop that gets what nobody else wants (`SCHED_IDLE`). A virtual
 * machine gives a CPU that sleeps back to its host, and at each message between two processes waits for the host to wake it
 * up; on a machine that has something to do nobody waits for that. Does nothing where util-linux is missing.
 */
export function keepAwake(): Disposable {
  // It ends with us, however we end.
  const loop = `while kill -0 ${process.pid} 2>/dev/null; do :; done`;
  const loops = Array.from({ length: availableParallelism() }, (_, cpu) => {
    const child = spawn("taskset", ["-c", `${cpu}`, "chrt", "--idle", "0", "sh", "-c", loop], {
      stdio: "ignore",
    });
    return child.on("error", () => undefined);
  });
  return {
    [Symbol.dispose]() {
      for (const child of loops) child.kill();
    },
  };
}

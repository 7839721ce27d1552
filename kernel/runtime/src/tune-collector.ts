import { setFlagsFromString } from "node:v8";

/**
 * Tells this process's garbage collector what a server of agents is like; for programs that run hundreds of runs at once,
 * before they make the first object. It holds for the whole process, so only a program decides on it, never a library.
 *
 * V8 watches which of the objects that one place in the code makes outlive a collection of the young ones, and soon makes all that come
 * from there old from the start. While many runs wait for their models nearly every object does outlive one, and dies with
 * its step all the same: made old, it stays until everything is collected, and so does whatever it points to, the contexts
 * and answers of later steps among it. Which places V8 picks differs from process to process. Without that, of a run
 * beside 500 others 49 KB become old instead of 62 to 100, and it takes up to a third less CPU (`bench/agent-loop`).
 *
 * Source: V8's flag `--allocation-site-pretenuring` (`src/flags/flag-definitions.h`); it may be set at any time, and what
 * was decided on before stays.
 */
export function tuneCollector(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}

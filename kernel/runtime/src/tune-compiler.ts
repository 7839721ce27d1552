import { setFlagsFromString } from "node:v8";

/**
 * Has V8 compile this process's code sooner; for programs that live for days, such as servers. It holds for the whole
 * process, its threads included, so only a program decides on it, never a library.
 *
 * V8 compiles a function quickly after 400 calls, fully after 3,000 more, and not before 500 calls have met no new kind of value.
 * A lone turn calls most functions once or twice: a server with a turn a minute would be slow for days. All that patience
 * finds out nothing, as every turn calls the same with the same: hardly anything compiled early has to be given up.
 * Of the turns and first tokens from 1,000 to 10,000 each takes a fifth to two fifths less CPU and time (`bench/README.md`).
 *
 * It costs half a second to a second of CPU within the first 1,000, most of it beside the program's own thread, which turns with SQLite or
 * over HTTP make up for by the 5,000th. So a command that ends after some turns is better off without.
 *
 * Source: V8's flags of these names (`src/flags/flag-definitions.h`, `src/execution/tiering-manager.cc`); they may be set at any time.
 */
export function tuneCompiler(): void {
  setFlagsFromString("--invocation-count-for-maglev=100");
  setFlagsFromString("--minimum-invocations-after-ic-update=100");
  setFlagsFromString("--invocation-count-for-turbofan=500");
}

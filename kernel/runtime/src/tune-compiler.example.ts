/** Calls a function about as often as 2,000 lone turns do; with `--trace-opt` V8 says what it makes of that. */
import { tuneCompiler } from "./tune-compiler.ts";

if (process.argv.includes("tuned")) tuneCompiler();

const turn = (_: unknown, index: number): number => index % 7;
// Only a loop of V8's own leaves every call to be counted: ours would soon have the function built into it.
Array.from({ length: 2_000 }, turn);

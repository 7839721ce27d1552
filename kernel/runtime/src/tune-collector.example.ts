/** Makes objects that outlive many collections; with `--trace-pretenuring` V8 says what it makes of that. */
import { tuneCollector } from "./tune-collector.ts";

if (process.argv.includes("tuned")) tuneCollector();

const kept: { readonly index: number }[][] = [];
const make = (index: number): { readonly index: number } => ({ index });
for (let round = 0; round < 400; round++) {
  kept.push(Array.from({ length: 1_000 }, (_, index) => make(index)));
  if (kept.length > 40) kept.shift();
}

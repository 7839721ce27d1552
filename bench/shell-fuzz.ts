/**
 * Runs generated shell source with bash, as far as policies allow it, and compares what ran with what they meant.
 *
 * `node --conditions=@tau/source bench/shell-fuzz.ts [scripts] [seed]`, 200,000 and 1 unless told otherwise. The exit code is
 * 1 when something ran that no policy meant to allow.
 */
import { fuzzShell } from "./permissions/fuzz-shell.ts";

const [scripts = "200000", seed = "1"] = process.argv.slice(2);
const { ran, wrong } = fuzzShell(Number(scripts), Number(seed));
process.stdout.write(
  `${scripts} scripts, ${ran} allowed and run by bash, ${wrong.length} of them ran more than was allowed\n`,
);
for (const { source, ran: lines } of wrong.slice(0, 20))
  process.stdout.write(`${JSON.stringify(source)} ran ${JSON.stringify(lines)}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;

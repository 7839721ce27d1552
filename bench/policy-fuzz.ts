/**
 * Compares decisions with a small oracle that shares nothing with the engine: no input may be allowed that it forbids.
 *
 * `node --conditions=@tau/source bench/policy-fuzz.ts [inputs] [seed]`, ten million and 1 unless told otherwise. The exit
 * code is 1 when an input is allowed wrongly.
 */
import { fuzzPolicies } from "./permissions/fuzz.ts";

const [inputs = "10000000", seed = "1"] = process.argv.slice(2);
const startedAt = performance.now();
let shown = 0;
const report = fuzzPolicies(Number(inputs), Number(seed), (done) => {
  if (done < shown + 500_000) return;
  shown = done;
  process.stderr.write(`${done} inputs …\n`);
});
const seconds = (performance.now() - startedAt) / 1_000;
process.stdout.write(
  `${report.inputs} inputs in ${seconds.toFixed(0)} s: ${report.allowed} allowed, ${report.wrong.length} of them wrongly; ${report.stricter} not allowed that the oracle would allow\n`,
);
for (const { policy, call } of report.wrong.slice(0, 5))
  process.stdout.write(`${JSON.stringify(policy)}\n${JSON.stringify(call)}\n`);
process.exitCode = report.wrong.length === 0 ? 0 : 1;

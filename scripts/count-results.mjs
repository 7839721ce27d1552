/**
 * Says how many tests and checks passed and failed, as the last line of `.ci/run`.
 *
 * Takes the JSON report of the tests, the exit status of `npm test`, the output of `npm run check` and its
 * exit status. A run that ended badly without a failed test (a crash, a file that does not load, no
 * installation) counts as one failure, so that the line never looks better than the run was.
 */
import { readFileSync } from "node:fs";

const [testReport, testStatus, checkOutput, checkStatus] = process.argv.slice(2);

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function countTests() {
  const text = read(testReport);
  if (text === "") return { passed: 0, failed: 0 };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(text);
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}

function countChecks() {
  const [, passed = "0", failed = "0"] = /^check: (\d+) passed, (\d+) failed$/m.exec(read(checkOutput)) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}

/** Adds a failure where the exit status says that there was one and the count does not. */
function withStatus({ passed, failed }, status) {
  return { passed, failed: failed === 0 && status !== "0" ? 1 : failed };
}

const tests = withStatus(countTests(), testStatus);
const checks = withStatus(countChecks(), checkStatus);
const failed = tests.failed + checks.failed;
console.log(`${tests.passed + checks.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

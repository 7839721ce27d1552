/**
 * What `npm run check` runs: everything about the sources that a program can judge, in seconds.
 *
 * The steps run side by side and all of them run to the end, so that one look shows all there is to mend.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

interface Outcome {
  readonly step: Step;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: string;
}

const steps: readonly Step[] = [
  { name: "types", command: ["tsc", "-b", "--pretty", "false"] },
  { name: "lint", command: ["oxlint", "--type-aware"] },
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "unused exports and dependencies", command: ["knip", "--no-config-hints"] },
  { name: "manifests", command: ["sherif"] },
  {
    name: "architecture, documents, public API, lockfile, weight",
    command: [
      "vitest",
      "run",
      ...["architecture", "docs", "lockfile", "public-api", "readme-code", "weight"].map(
        (name) => `test/${name}.test.ts`,
      ),
    ],
  },
];

async function runStep(step: Step): Promise<Outcome> {
  const started = Date.now();
  const [command, ...args] = step.command;
  const child = spawn(command, args, {
    cwd: join(import.meta.dirname, ".."),
    env: { ...process.env, TAU_TEST_REPORT: undefined },
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const outcome: Outcome = {
    step,
    passed: code === 0,
    output: `${stdout}${stderr}`.trim(),
    seconds: ((Date.now() - started) / 1000).toFixed(1),
  };
  console.log(`${outcome.passed ? "ok    " : "FAILED"} ${step.name} (${outcome.seconds} s)`);
  return outcome;
}

const outcomes = await Promise.all(steps.map(runStep));
const failed = outcomes.filter(({ passed }) => !passed);
for (const { step, output } of failed) console.log(`\n── ${step.name}: ${step.command.join(" ")}\n${output}`);
console.log(`\ncheck: ${outcomes.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

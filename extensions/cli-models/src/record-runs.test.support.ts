/**
 * Records what the real commands say in every scenario:
 * `TAU_TEST_CLIS=folder node --conditions=@tau/source record-runs.test.support.ts [command]`. Writes `fixtures/<command>.json`.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import {
  add,
  contextOf,
  hello,
  readAll,
  realProgram,
  scenarios,
  startCommand,
} from "./commands.test.support.ts";
import type { CommandName, ScenarioName } from "./commands.test.support.ts";
import type { Recorded } from "./player.test.support.ts";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const names: readonly CommandName[] = ["claude", "gemini", "codex"];
const scenarioNames = Object.keys(scenarios).filter((name): name is ScenarioName => name in scenarios);

const wanted = process.argv[2];
for (const name of names) {
  if (wanted !== undefined && wanted !== name) continue;
  const version = spawnSync(realProgram(name), ["--version"], { encoding: "utf8" }).stdout.trim();
  const runs: Record<string, Recorded> = {};
  for (const scenario of scenarioNames) {
    if (scenario !== "tools" || name === "claude") runs[scenario] = await record(name, scenario);
  }
  await mkdir(fixtures, { recursive: true });
  await writeFile(join(fixtures, `${name}.json`), `${JSON.stringify({ version, runs }, undefined, 2)}\n`);
}

/** Runs the command behind a script that copies what it says. */
async function record(name: CommandName, scenario: ScenarioName): Promise<Recorded> {
  const folder = await mkdtemp(join(tmpdir(), "tau-record-"));
  const program = join(folder, name);
  const copied = (file: string): string => join(folder, file);
  await writeFile(
    program,
    `#!/bin/bash\n"${realProgram(name)}" "$@" > >(tee "${copied("out")}") 2> >(tee "${copied("err")}" >&2)\ncode=$?\nwait\necho $code > "${copied("code")}"\nexit $code\n`,
  );
  await chmod(program, 0o755);
  await using fixture = await startCommand(name, { kind: "real", scenario, program });
  const controller = new AbortController();
  try {
    // Long enough for everything that the command says before it waits.
    if (scenario === "stall") setTimeout(() => controller.abort(), 10_000);
    const tools = scenario === "tools" ? [add] : [];
    await readAll(fixture.model, { ...hello, tools }, contextOf(controller.signal));
  } catch (error) {
    console.log(name, scenario, error instanceof Error && "code" in error ? error.code : error);
  }
  await fixture.model[Symbol.asyncDispose]();
  const [stdout, stderr] = [await readFile(copied("out"), "utf8"), await readFile(copied("err"), "utf8")];
  const code = await readFile(copied("code"), "utf8").catch(() => undefined);
  await rm(folder, { recursive: true });
  const scrub = (text: string): string =>
    text
      .replaceAll(fixture.homes, "/homes")
      .replaceAll(process.env["TAU_TEST_CLIS"] ?? "", "/clis")
      .replaceAll(new URL(fixture.vendor.url).host, "127.0.0.1:1");
  return {
    stdout: scrub(stdout),
    stderr: scrub(stderr),
    ...(code === undefined || scenario === "stall" ? {} : { exitCode: Number(code) }),
  };
}

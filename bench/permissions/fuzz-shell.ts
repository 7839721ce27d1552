import { spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createPermissionPolicy } from "@tau/tools";
import type { EffectRequest } from "@tau/tools";

import { createRandom } from "./generate.ts";
import { home } from "./model.ts";
import { shellSoup } from "./shell-soup.ts";

/** What a run of scripts found. */
export interface ShellFuzzReport {
  readonly scripts: number;
  /** Scripts that a policy allowed and bash then ran. */
  readonly ran: number;
  /** Scripts that ran what the policy that allowed them does not; must be none. */
  readonly wrong: readonly { readonly source: string; readonly ran: readonly string[] }[];
}

const helpers = ["env", "timeout", "nice", "bash", "sh", "cat", "xargs", "true", "nohup"];

const policies = [
  {
    policy: createPermissionPolicy({
      profile: "workspace-write",
      approvals: "ask",
      home,
      rules: { allow: ["bash(a1)", "bash(a1 x *)", "bash(cat)", "bash(true)"] },
    }),
    mayRun: (line: string): boolean => /^a1 (?:x(?: |$)|$)/s.test(line),
  },
  {
    policy: createPermissionPolicy({
      profile: "full",
      approvals: "ask",
      home,
      rules: { deny: ["bash(a2 *)"] },
    }),
    mayRun: (line: string): boolean => !/^a2(?: |$)/.test(line),
  },
];

/**
 * Lets bash run what policies allow of generated scripts, and compares what was run with what the policy meant. The
 * programs are three that write their names and arguments down, and a few that run others; there is nothing else on the
 * PATH.
 */
export function fuzzShell(scripts: number, seed: number): ShellFuzzReport {
  const folder = mkdtempSync(join(tmpdir(), "tau-shell-fuzz-"));
  const [programs, workspace] = [join(folder, "bin"), join(folder, "work")];
  layOut(programs, workspace);
  const random = createRandom(seed);
  const wrong: ShellFuzzReport["wrong"][number][] = [];
  let ran = 0;
  for (let done = 0; done < scripts; done++) {
    const source = shellSoup(random);
    const request: EffectRequest = {
      tool: { name: "bash", sideEffect: "irreversible" },
      access: [{ kind: "command", source, cwd: workspace }],
      workspace,
    };
    const allowing = policies.filter(({ policy }) => policy.decide(request).decision === "allow");
    // What holds none of the programs cannot run them.
    if (allowing.length === 0 || !/a\d/.test(source)) continue;
    ran++;
    // One for each: what a script leaves in the background may write when the next one runs.
    const trace = join(folder, `trace-${done}`);
    writeFileSync(trace, "");
    spawnSync("bash", ["-c", source], {
      cwd: workspace,
      env: { PATH: programs, TRACE: trace, HOME: workspace, SHLVL: "1" },
      stdio: "ignore",
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    const lines = readFileSync(trace, "utf8").split("\0").filter(Boolean);
    rmSync(trace);
    const more = lines.filter((line) => !allowing.every(({ mayRun }) => mayRun(line)));
    if (more.length > 0) wrong.push({ source, ran: more });
  }
  // Something in the background may still write there.
  rmSync(folder, { recursive: true, maxRetries: 10 });
  return { scripts, ran, wrong };
}

function layOut(programs: string, workspace: string): void {
  mkdirSync(programs);
  mkdirSync(workspace);
  for (const name of ["a1", "a2", "a3"]) {
    const path = join(programs, name);
    writeFileSync(path, '#!/bin/sh\nprintf "%s\\0" "${0##*/} $*" >> "$TRACE"\n');
    chmodSync(path, 0o755);
  }
  for (const name of helpers) symlinkSync(programNamed(name), join(programs, name));
}

function programNamed(name: string): string {
  const found = ["/usr/bin", "/bin"].map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) throw new RangeError(`There is no ${name} on this machine.`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { runSteps } from "./run-steps.ts";

/** Exchanges a folder and a symlink to another one, again and again, as a program in the workspace might. */
const exchanging = `
const { renameSync } = require("node:fs");
process.send("ready");
for (;;) {
  renameSync("shown", "aside"); renameSync("link", "shown"); renameSync("shown", "link"); renameSync("aside", "shown");
}`;

function places(): { readonly workspace: string; readonly from: string; readonly to: string } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "tau-steps-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [workspace, from, to] = ["workspace", "from", "to"].map((name) => join(root, name));
  if (workspace === undefined || from === undefined || to === undefined) throw new TypeError("unreachable");
  for (const folder of [workspace, from, to]) mkdirSync(folder);
  mkdirSync(join(root, "outside"), { mode: 0o700 });
  symlinkSync(join(root, "outside"), join(workspace, "link"));
  mkdirSync(join(workspace, "shown"));
  return { workspace, from, to };
}

describe("runSteps()", () => {
  it("changes the mode of a folder that nobody may read", async () => {
    const all = places();
    const closed = { kind: "mode", path: "shown", mode: 0, before: 0o755 } as const;
    await runSteps([closed], all);
    expect(statSync(join(all.workspace, "shown")).mode & 0o777).toBe(0);
    await runSteps([{ ...closed, mode: 0o711, before: 0 }], all);
    expect(statSync(join(all.workspace, "shown")).mode & 0o777).toBe(0o711);
  });

  it("changes no mode through a symlink, whenever it takes the folder's place", async () => {
    const all = places();
    const program = spawn(process.execPath, ["-e", exchanging], {
      cwd: all.workspace,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    await once(program, "message");
    const step = { kind: "mode", path: "shown", mode: 0o777, before: 0o755 } as const;

    for (let index = 0; index < 3_000; index++) await runSteps([step], all);
    const ended = once(program, "exit");
    program.kill("SIGKILL");
    await ended;

    expect(statSync(join(all.workspace, "..", "outside")).mode & 0o777).toBe(0o700);
  });
});

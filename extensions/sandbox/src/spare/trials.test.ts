import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { tried, trials, undisturbed } from "./trials.test.support.ts";

const isRoot = process.getuid?.() === 0;

describe("a command for which a jail was prepared, after which", () => {
  it.each(Object.entries(trials))("%s", async (_, trial) => {
    await undisturbed(async () => expect(await tried(trial)).toBe(trial.says));
  });

  it("any of these happened, for an ordinary user", () => {
    const program = fileURLToPath(new URL("./trials.example.ts", import.meta.url));
    const run = spawnSync(process.execPath, ["--conditions=@tau/source", program], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: "/tmp" },
      ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
    });
    expect({ stdout: run.stdout, stderr: run.stderr }).toEqual({
      stdout: `uid ${isRoot ? 65534 : process.getuid?.()}: done\n`,
      stderr: "",
    });
  });

  it("a folder was mounted, which that jail does not show", () => {
    const program = fileURLToPath(new URL("./mounted.example.ts", import.meta.url));
    const alone = ["--user", "--map-root-user", "--mount", process.execPath];
    const run = spawnSync("unshare", [...alone, "--conditions=@tau/source", program], { encoding: "utf8" });
    expect({ stdout: run.stdout, stderr: run.stderr }).toEqual({
      stdout: "ahead\nbelow\nexit 0\ncold\nmounted\nexit 0\n",
      stderr: "",
    });
  });
});

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { differences } from "./layered.test.support.ts";

const isRoot = process.getuid?.() === 0;

describe("a transaction", () => {
  it("leaves the workspace alone, then as the command would have left it, then as it was", async () => {
    expect(await differences()).toEqual([]);
  });

  it("does so for an ordinary user", () => {
    const program = fileURLToPath(new URL("./differences.example.ts", import.meta.url));
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
});

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { createLandlock } from "./create-landlock.ts";
import { runLandlockSelfTest } from "./landlock-self-test.ts";

const isRoot = process.getuid?.() === 0;
const never = new AbortController().signal;

describe("Landlock", () => {
  it.each(["read-only", "workspace-write", "full"] as const)(
    "holds what it promises of the %s profile",
    async (access) => {
      const results = await runLandlockSelfTest({ profile: { access, network: false, workspace: "/" } });
      expect(results.filter(({ outcome }) => outcome === "escaped")).toEqual([]);
      expect(results.filter(({ outcome }) => outcome === "held").length).toBeGreaterThan(75);
    },
  );

  it("holds it for an ordinary user", () => {
    const program = fileURLToPath(new URL("./landlock-self-test.example.ts", import.meta.url));
    const run = spawnSync(process.execPath, ["--conditions=@tau/source", program], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: "/tmp" },
      ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
    });
    expect({ stdout: run.stdout, stderr: run.stderr }).toEqual({
      stdout: `uid ${isRoot ? 65534 : process.getuid?.()}: held, escaped: \n`,
      stderr: "",
    });
  });

  it("puts back what a command did to protected paths, and keeps what it made", async () => {
    const workspace = await mkdtemp("/var/tmp/tau-landlock-test-");
    mkdirSync(join(workspace, ".git/hooks"), { recursive: true });
    writeFileSync(join(workspace, ".git/config"), "[core]\n");
    await using environment = await createLandlock({
      profile: { access: "workspace-write", network: false, workspace },
    });
    let said = "";
    const line = "echo evil >> .git/config; rm -r .git/hooks; mkdir .tau; echo fine > fine";
    const onOutput = (chunk: Uint8Array): void => {
      said += Buffer.from(chunk).toString();
    };
    await environment.exec({ argv: ["bash", "-c", line], timeoutMs: 20_000, onOutput }, never);
    expect(readFileSync(join(workspace, ".git/config"), "utf8")).toBe("[core]\n");
    expect(readFileSync(join(workspace, "fine"), "utf8")).toBe("fine\n");
    expect(said).toMatch(
      /tau: \.git\/config is protected, so what the command made there is now \.git\/config\.quarantined-/u,
    );
    expect(said).toContain("tau: .git/hooks is protected, so was put back");
    expect(said).toMatch(/tau: \.tau is protected/u);
    expect(environment.info).toMatchObject({ kind: "landlock", enforced: false });
    expect(environment.info.unenforced?.length).toBeGreaterThan(3);
    await rm(workspace, { recursive: true });
  });
});

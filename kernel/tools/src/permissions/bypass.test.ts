import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { bypassAttempts } from "./bypass-attempts.test.support.ts";
import { bash, policyOf } from "./policy.test.support.ts";

const broadAllow = "awk bash cat echo env find git node perl python3 sed tar timeout xargs"
  .split(" ")
  .map((program) => `bash(${program} *)`);

const denyRm = { deny: ["bash(rm *)"] };

describe("a rule against rm", () => {
  it.each(bypassAttempts)("holds on a host with everything else allowed: $source", ({ source, expected }) => {
    expect(policyOf({ profile: "full", rules: denyRm }).explain(bash(source))).toMatchObject({
      decision: expected,
    });
  });

  it("holds in a jail, with a broad allow list, and as an ask rule", () => {
    const policies = [
      policyOf({ enforced: true, rules: denyRm }),
      policyOf({ rules: { ...denyRm, allow: broadAllow } }),
      policyOf({ rules: { ...denyRm, allow: ["*", "bash"] } }),
      policyOf({ profile: "full", rules: { ask: ["bash(rm *)"] } }),
      policyOf({ profile: "full", approvals: "policy", rules: denyRm }),
    ];
    const allowed = policies.flatMap((policy) =>
      bypassAttempts.filter(({ source }) => policy.decide(bash(source)).decision === "allow"),
    );
    expect(allowed).toEqual([]);
  });

  it("is aimed at by attempts that work: bash really removes the file", () => {
    const folder = mkdtempSync(join(tmpdir(), "tau-bypass-"));
    const victim = join(folder, "victim");
    const survivors = bypassAttempts.filter(({ source, proven }) => {
      if (proven === false) return false;
      writeFileSync(victim, "");
      try {
        execFileSync("bash", ["-c", source], { cwd: folder, stdio: "ignore", timeout: 20_000 });
      } catch {
        // How the script ends is its own business.
      }
      return existsSync(victim);
    });
    rmSync(folder, { recursive: true });
    expect(survivors).toEqual([]);
  });
});

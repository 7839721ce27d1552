import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { EnvironmentProfile, NetworkAccess } from "../environment.ts";
import { createHostEnvironment } from "../host/create-host-environment.ts";
import { meetProfiles } from "./meet-profiles.ts";
import { childPolicy, planPolicy, planProfile } from "./plan-mode.ts";
import { bash, file, home, policyOf } from "./policy.test.support.ts";

const { signal } = new AbortController();

describe("planPolicy()", () => {
  const parent = policyOf({ enforced: true, name: "rules", rules: { deny: ["read(private/**)"] } });
  const plan = planPolicy(parent, { planFolder: "plans", enforced: true, approvals: "ask", home });
  const decide = (kind: "read" | "write", path: string): string => plan.decide(file(kind, path)).decision;

  it("reads what the rules allow, writes the plan and nothing else", () => {
    expect([decide("read", "src/a"), decide("read", "private/a")]).toEqual(["allow", "deny"]);
    expect(decide("write", "plans/p1.md")).toBe("allow");
    for (const path of [
      "src/a",

      "plans/../src/a",
      "plansx/a",
      "/tmp/plans/a",
      "PLANS/a",
      "plans/.env",
    ])
      expect([path, decide("write", path)]).toEqual([path, "deny"]);
  });

  it("lets commands run where the environment keeps them from writing, redirections included", () => {
    expect(plan.decide(bash("npm test")).decision).toBe("allow");
    expect(plan.decide(bash("npm test > log")).decision).toBe("deny");
    expect(plan.explain(bash("npm test")).meets?.map(({ policy }) => policy)).toEqual(["rules", "plan mode"]);
  });

  it("allows nothing that the rules do not", () => {
    const strict = policyOf({ enforced: true, rules: { deny: ["bash", "write(plans/**)"] } });
    const met = planPolicy(strict, { planFolder: "plans", enforced: true, home });
    expect(met.decide(bash("ls")).decision).toBe("deny");
    expect(met.decide(file("write", "plans/a")).decision).toBe("deny");
  });

  it.each(["", ".", "..", "../x", "/plans", "a/../../b", "a*", "a b"])(
    "refuses the folder %j",
    (planFolder) => {
      const profile = { access: "full", workspace: "/w", network: true } as const;
      for (const act of [() => planProfile(profile, planFolder), () => planPolicy(parent, { planFolder })])
        expect(act).toThrowError(expect.objectContaining({ code: "permission.invalid_rule" }));
    },
  );
});

it("planProfile() opens an environment that writes the plan only, and has a hash of its own", async () => {
  const workspace = await mkdtemp(join(tmpdir(), "tau-plan-"));
  const profile: EnvironmentProfile = { access: "workspace-write", workspace, network: true };
  await mkdir(join(workspace, "src"));
  await mkdir(join(workspace, "plans"));
  await symlink(join(workspace, "src"), join(workspace, "plans", "link"));
  await using open = createHostEnvironment({ profile });
  await using plan = createHostEnvironment({ profile: planProfile(profile, "plans") });
  await using readOnly = createHostEnvironment({
    profile: { ...profile, access: "read-only", network: false },
  });
  const write = async (path: string): Promise<string> => {
    try {
      await plan.writeFile(join(workspace, path), Buffer.from("x"), {}, signal);
      return "written";
    } catch (error) {
      return isTauError(error) ? error.code : String(error);
    }
  };

  expect(await write("plans/p.md")).toBe("written");
  for (const path of ["src/a", "a", "plans/link/a", "plans/../src/a", "plans/.env"])
    expect([path, await write(path)]).toEqual([path, "environment.denied"]);
  expect(new Set([open, plan, readOnly].map(({ info }) => info.profileHash)).size).toBe(3);
  await rm(workspace, { recursive: true });
});

it("childPolicy() is never more than its parent's, whatever the child is told", () => {
  const parent = policyOf({ rules: { deny: ["bash(rm *)"], allow: ["bash(ls)"] } });
  const child = childPolicy(parent, { profile: "full", rules: { allow: ["*"] } });
  expect(child.decide(bash("rm x")).decision).toBe("deny");
  expect(child.decide(bash("make")).decision).toBe("ask");
  expect(child.decide(bash("ls")).decision).toBe("allow");
  expect(childPolicy(parent, { profile: "read-only" }).decide(file("write", "a")).decision).toBe("deny");
});

describe("meetProfiles()", () => {
  const network = fc.constantFrom<NetworkAccess>(true, false, { hosts: ["a", "b"] }, { hosts: ["b"] });
  const profile = fc.record({
    access: fc.constantFrom("read-only" as const, "workspace-write" as const, "full" as const),
    workspace: fc.constant("/w"),
    network,
  });
  const width: readonly string[] = ["read-only", "workspace-write", "full"];
  const reaches = (access: NetworkAccess, host: string): boolean =>
    typeof access === "boolean" ? access : access.hosts.includes(host);

  it("includes only what both include", () => {
    fc.assert(
      fc.property(profile, profile, (first, second) => {
        const met = meetProfiles(first, second);
        expect(width.indexOf(met.access)).toBe(
          Math.min(width.indexOf(first.access), width.indexOf(second.access)),
        );
        for (const host of ["a", "b", "c"])
          expect(reaches(met.network, host)).toBe(
            reaches(first.network, host) && reaches(second.network, host),
          );
      }),
    );
  });

  it("keeps a folder for plans only where everybody who is read-only names it", () => {
    const plan = { access: "read-only", workspace: "/w", network: false, planFolder: "plans" } as const;
    const { planFolder: _, ...readOnly } = plan;
    expect(meetProfiles(plan, { ...readOnly, access: "full" }).planFolder).toBe("plans");
    expect(meetProfiles(plan, plan).planFolder).toBe("plans");
    expect(meetProfiles(plan, readOnly).planFolder).toBeUndefined();
    expect(meetProfiles(plan, { ...plan, planFolder: "other" }).planFolder).toBeUndefined();
  });
});

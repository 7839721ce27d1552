import { createPermissionPolicy, meetPolicies } from "@tau/tools";
import type { EffectRequest, PermissionPolicy } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { createCedarPolicy } from "./cedar-policy.ts";

const ada = { id: "ada", kind: "person", scopes: ["ops"] } as const;

function cedar(policies: string): PermissionPolicy {
  return createCedarPolicy({ policies, principal: ada, tenant: "acme", home: "/home/ada" });
}

function bash(source: string): EffectRequest {
  return {
    tool: { name: "bash", sideEffect: "irreversible" },
    access: [{ kind: "command", source, cwd: "/w" }],
    workspace: "/w",
  };
}

const decide = (policy: PermissionPolicy, source: string): string => policy.decide(bash(source)).decision;

describe("createCedarPolicy()", () => {
  test("decides on every command, wherever it stands", () => {
    const policy = cedar(`
      permit(principal, action == Action::"run", resource);
      forbid(principal, action, resource) when { resource has program && resource.program == "rm" };`);
    expect(decide(policy, "ls; cat x")).toBe("allow");
    for (const source of ["rm x", "ls && /bin/rm x", "echo $(rm x)", "bash -c 'rm x'", "env rm x"])
      expect([source, decide(policy, source)]).toEqual([source, "deny"]);
    // What cannot be read is an action of its own, which nothing permits.
    expect(decide(policy, "$x y")).toBe("deny");
    expect(policy.decide(bash("rm x"))).toMatchObject({ rule: "cedar policy1" });
  });

  test("decides on files, hosts and tools, and takes guesses for nothing unless they are forbidden", () => {
    const policy = cedar(`
      permit(principal, action, resource) when { resource.tool == "edit" && resource.path like "/w/*" };
      permit(principal, action == Action::"connect", resource) when { resource.host == "example.org" };
      permit(principal, action == Action::"use", resource) when { principal.scopes.contains("ops") };
      permit(principal, action == Action::"run", resource);
      forbid(principal, action, resource) when { resource has path && resource.path like "*secret*" };`);
    const call = (name: string, access: EffectRequest["access"]): string =>
      policy.decide({ tool: { name, sideEffect: "pure" }, access, workspace: "/w" }).decision;
    expect(call("edit", [{ kind: "write", path: "a" }])).toBe("allow");
    expect(call("edit", [{ kind: "write", path: "../a" }])).toBe("deny");
    expect(call("fetch", [{ kind: "network", host: "example.org" }])).toBe("allow");
    expect(call("edit", [{ kind: "send", host: "example.org" }])).toBe("deny");
    expect(call("deploy", [])).toBe("allow");
    expect(decide(policy, "cat notes")).toBe("allow");
    expect(decide(policy, "cat secret/key")).toBe("deny");
    expect(decide(policy, "cat < notes")).toBe("deny");
  });

  test("denies when a policy fails, and never allows more in a meet", () => {
    const broken = cedar(`permit(principal, action, resource);
      forbid(principal, action, resource) when { resource.nothing };`);
    expect(decide(broken, "ls")).toBe("deny");
    const rules = createPermissionPolicy({ profile: "workspace-write", enforced: true, home: "/home/ada" });
    const open = cedar("permit(principal, action, resource);");
    for (const source of ["ls", "cat < ~/.ssh/id", "echo x > .git/hooks/y"])
      expect(decide(meetPolicies(rules, open), source)).toBe(decide(rules, source));
    expect(decide(meetPolicies(rules, cedar("")), "ls")).toBe("deny");
  });
});

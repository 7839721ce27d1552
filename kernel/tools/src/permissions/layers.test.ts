import { describe, expect, it } from "vitest";

import type { PermissionPolicy } from "../permission.ts";
import { meetPolicies } from "./meet-policies.ts";
import { bash, file, policyOf } from "./policy.test.support.ts";
import { renderExplanation } from "./render-explanation.ts";
import type { PermissionLayer } from "./rule.ts";

const admin: PermissionLayer = {
  layer: "admin",
  source: "/etc/tau/permissions.toml",
  rules: { deny: ["bash(git push *)"], ask: ["bash(npm publish *)"] },
};

describe("layers", () => {
  it("deny and ask whatever layers below them allow", () => {
    const layers = (["user", "session", "project"] as const).map((layer): PermissionLayer => ({
      layer,
      rules: { allow: ["bash", "*"] },
    }));
    for (const order of [
      [admin, ...layers],
      [...layers, admin],
    ]) {
      const policy = policyOf({ layers: order });
      expect(policy.decide(bash("git push"))).toMatchObject({ decision: "deny", layer: "admin" });
      expect(policy.decide(bash("npm publish"))).toMatchObject({ decision: "ask", layer: "admin" });
      expect(policy.decide(bash("npm test"))).toMatchObject({ decision: "allow", layer: "user" });
    }
  });

  it("tighten from below, too", () => {
    const project: PermissionLayer = { layer: "project", rules: { deny: ["write(generated/**)"] } };
    const policy = policyOf({ layers: [project], rules: { allow: ["write(**)"] } });
    expect(policy.decide(file("write", "generated/a"))).toMatchObject({ decision: "deny", layer: "project" });
    expect(policy.decide(file("write", "src/a")).decision).toBe("allow");
  });

  it("only tighten while nobody trusts them", () => {
    const rules = { allow: ["bash(npm test)"], deny: ["bash(npm test --all)"] };
    for (const trusted of [true, false]) {
      const policy = policyOf({ layers: [{ layer: "project", rules, trusted }] });
      expect(policy.decide(bash("npm test")).decision).toBe(trusted ? "allow" : "ask");
      expect(policy.decide(bash("npm test --all")).decision).toBe("deny");
    }
  });

  it("open no question that the rules without them deny", () => {
    const layers: readonly PermissionLayer[] = [
      { layer: "project", rules: { ask: ["bash"] }, trusted: false },
    ];
    expect(policyOf({ layers, approvals: "policy" }).decide(bash("make")).decision).toBe("deny");
    expect(policyOf({ rules: { ask: ["bash"] }, approvals: "policy" }).decide(bash("make")).decision).toBe(
      "ask",
    );
  });

  it("have their examples checked, each", () => {
    const rules = { allow: [{ rule: "bash(npm test)", match: ["npm run test"] }] };
    expect(() => policyOf({ layers: [{ layer: "project", rules, trusted: false }] })).toThrowError(
      expect.objectContaining({ code: "permission.example_failed" }),
    );
  });
});

describe("an explanation", () => {
  const project: PermissionLayer = {
    layer: "project",
    source: "tau.toml",
    rules: { allow: ["bash(npm test)"] },
    trusted: false,
  };

  it("tells of every effect, every layer and every rule why it matches or not", () => {
    const policy = policyOf({ layers: [project, admin], rules: { allow: ["bash(npm (ci|run) *)"] } });
    const [effect] = policy.explain(bash("npm test")).effects;
    expect(effect?.layers.slice(0, 3)).toEqual([
      {
        layer: "admin",
        source: "/etc/tau/permissions.toml",
        rules: [
          { rule: "bash(git push *)", verdict: "deny", match: "no", why: "is about the program git" },
          {
            rule: "bash(npm publish *)",
            verdict: "ask",
            match: "no",
            why: "wants other words than these: publish",
          },
        ],
      },
      {
        layer: "user",
        rules: [
          {
            rule: "bash(npm (ci|run) *)",
            verdict: "allow",
            match: "no",
            why: "wants ci|run as word 2, not test",
          },
        ],
      },
      {
        layer: "project",
        source: "tau.toml",
        rules: [
          {
            rule: "bash(npm test)",
            verdict: "allow",
            match: "no",
            why: "would cover it, but does not count: what is not trusted yet may only tighten",
          },
        ],
      },
    ]);
  });

  it.each([
    ["git $x", "allow", "bash(git *)", "allows no words that are computed: $x"],
    ["git log -1", "allow", "bash(git log)", "has no * at its end for -1"],
    ["./git log", "allow", "bash(git log)", "is about a program in another place"],
    ["git log", "allow", "network(x.org)", "is about what connects to a host, and this runs a program"],
    ["git log", "allow", "deploy", "is about the tool deploy, not bash"],
    ["git log", "allow", "read(x)", "is about what reads a file, and this runs a program"],
    ["x $y", "allow", "*", "allows no words that are computed"],
    ["git $x", "deny", "bash(git push)", "may cover it: words are computed, or could mean the same"],
    ["git push", "deny", "bash(git push)", "covers it"],
  ] as const)("says of %s and %s %s: %s", (source, verdict, rule, why) => {
    const [effect] = policyOf({ rules: { [verdict]: [rule] } }).explain(bash(source)).effects;
    expect(effect?.layers[0]?.rules[0]?.why).toBe(why);
  });

  it("is a tree for people, with the folds", () => {
    const rules = { allow: ["bash(npm test)", "bash(tee *)"] };
    const policy = policyOf({ layers: [admin, project], rules, name: "agent" });
    expect(renderExplanation(policy.explain(bash("npm test > log")))).toBe(
      `agent: allow  The rule bash(npm test) allows running npm test.
├─ allow  running npm test
│  ├─ user: allow
│  │  └─ ✓ allow bash(npm test): covers it
│  ├─ project (tau.toml): says nothing
│  │  └─ – allow bash(npm test): would cover it, but does not count: what is not trusted yet may only tighten
│  └─ The rule bash(npm test) allows running npm test.
├─ allow  writing /work space/app/log
│  ├─ profile: allow
│  │  └─ ✓ allow write(**): covers it
│  └─ The rule write(**) allows writing /work space/app/log.
├─ allow  what arguments may name beside (2): no rule restricts it
└─ the strictest of these effects (4 allow): allow`,
    );
    expect(renderExplanation(policy.explain(bash("npm test")), { everyRule: true })).toContain(
      "– deny bash(git push *): is about the program git",
    );
  });

  it("of a meet has those of its policies", () => {
    const parent = policyOf({ name: "parent", rules: { allow: ["bash(npm *)"] } });
    const child: PermissionPolicy = {
      decide: () => ({ decision: "deny", reason: "The child may not." }),
    };
    expect(meetPolicies(parent, child).explain(bash("npm test"))).toMatchObject({
      decision: "deny",
      reason: "The child may not.",
      effects: [],
      meets: [
        {
          policy: "parent",
          decision: "allow",
          effects: [{ effect: "running npm test" }, { guessed: true }, { guessed: true }],
        },
        { decision: "deny", effects: [] },
      ],
    });
    const text = renderExplanation(meetPolicies(parent, child).explain(bash("npm test")));
    expect(text).toContain("└─ the strictest of these policies (1 allow, 1 deny): deny");
  });
});

import { describe, expect, it } from "vitest";

import { bash, file, policyOf } from "./policy.test.support.ts";

const reviewed = { review: true, enforced: true } as const;

describe("a policy that reviews changes", () => {
  it.each([
    "npm install",
    "echo x > a.txt",
    "echo x > /tmp/x",
    "python3 -c 'print(1)'",
    'eval "$x"',
    "cat a.txt",
  ])("asks about %s only because of what it may change, whoever is there", (source) => {
    for (const approvals of ["ask", "policy", "never"] as const) {
      expect(policyOf({ ...reviewed, approvals }).decide(bash(source))).toMatchObject({
        decision: "ask",
        review: true,
      });
    }
  });

  it("lets through what a rule allows, and what changes nothing by itself", () => {
    const policy = policyOf({ ...reviewed, rules: { allow: ["bash(npm test)", "write(src/**)"] } });
    for (const source of ["npm test", "echo hi", "npm test > src/log"]) {
      expect(policy.decide(bash(source)).decision).toBe("allow");
    }
  });

  it("judges real paths by the rules of a person, not by the profile", () => {
    const rules = { allow: ["write(src/**)"] };
    const decide = (path: string, approvals: "ask" | "never"): string =>
      policyOf({ ...reviewed, rules, approvals }).decide(file("write", path)).decision;
    expect(decide("src/a.ts", "never")).toBe("allow");
    expect(decide("other.ts", "ask")).toBe("ask");
    expect(decide("other.ts", "never")).toBe("deny");
    expect(decide(".git/hooks/pre-commit", "ask")).toBe("deny");
  });

  it("leaves what a rule says, and what words hide from a rule, as it is", () => {
    const rules = { ask: ["bash(git push *)"], deny: ["bash(rm *)", "read(notes/**)"] };
    const policy = policyOf({ ...reviewed, rules });
    expect(policy.decide(bash("rm x")).decision).toBe("deny");
    for (const source of ["git push origin", "cat $(echo notes/x)", "npm install; git push origin"]) {
      const decided = policy.decide(bash(source));
      expect([decided.decision, decided.review]).toEqual(["ask", undefined]);
    }
  });

  it.each([{ enforced: false }, { profile: "read-only" as const }])("does nothing where %o", (where) => {
    const options = { enforced: true, ...where };
    const request = bash("npm install");
    expect(policyOf({ ...options, review: true }).decide(request)).toEqual(policyOf(options).decide(request));
  });
});

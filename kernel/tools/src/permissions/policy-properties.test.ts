import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { EffectRequest } from "../permission.ts";
import { bypassAttempts } from "./bypass-attempts.test.support.ts";
import { meetPolicies } from "./meet-policies.ts";
import { bash, file, home, policyOf, workspace } from "./policy.test.support.ts";
import type { Explanation } from "./explanation.ts";
import { ruleLayers } from "./rule-layer.ts";
import type { PermissionLayer, PermissionRules, Verdict } from "./rule.ts";
import { shellEffectsOf } from "./shell-commands.ts";

const strictness: Readonly<Record<Verdict, number>> = { allow: 0, ask: 1, deny: 2 };

function strictnessOf(
  policy: { decide(request: EffectRequest): { decision: Verdict } },
  request: EffectRequest,
): number {
  return strictness[policy.decide(request).decision];
}

const word = fc.constantFrom(
  "git",
  "rm",
  "npm",
  "test",
  "-rf",
  "--force",
  "$x",
  "src/a",
  ".env",
  "'a b'",
  "*",
  "/bin/rm",
  "./git",
  "~/x",
);
const simple = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" "));
const part = fc.oneof(
  simple,
  fc
    .tuple(simple, fc.constantFrom("> out", "< .env", ">> /etc/x", "2>&1", "> $x"))
    .map((words) => words.join(" ")),
  simple.map((command) => `echo $(${command})`),
  simple.map((command) => `bash -c "${command}"`),
  fc.constantFrom(
    "cd src",
    "cd /",
    "A=b npm test",
    "PATH=x",
    "eval $x",
    "f() { npm test; }",
    "timeout 9 npm test",
  ),
  fc.constantFrom(...bypassAttempts.map(({ source }) => source)).filter(
    // An open quote or clause would swallow what is joined to it.
    (source) => !/\n|#|open|if \($/.test(source),
  ),
);
const path = fc.constantFrom(
  "src/a",
  "../x",
  "/etc/passwd",
  ".env",
  ".git/hooks/x",
  `${home}/.ssh/id`,
  "AGENTS.md",
  "a/../b",
);
const request: fc.Arbitrary<EffectRequest> = fc.oneof(
  part.map((source) => bash(source)),
  fc.tuple(fc.constantFrom("read" as const, "write" as const), path).map(([kind, name]) => file(kind, name)),
  fc.constantFrom("example.org", "127.0.0.1").map((host) => ({
    tool: { name: "fetch", sideEffect: "pure" as const },
    access: [{ kind: "network" as const, host }],
    workspace,
  })),
  fc.constantFrom("example.org", "127.0.0.1").map((host) => ({
    tool: { name: "http", sideEffect: "irreversible" as const },
    access: [
      { kind: "network" as const, host },
      { kind: "send" as const, host },
    ],
    workspace,
  })),
  fc.constant({ tool: { name: "deploy", sideEffect: "irreversible" as const }, access: [], workspace }),
);

const rule = fc.constantFrom(
  "*",
  "read",
  "write",
  "bash",
  "network",
  "deploy",
  "fetch",
  "edit(src/**)",
  "read(src/**)",
  "read(/etc/**)",
  "write(**)",
  "write(**/*a*)",
  "bash(rm *)",
  "bash(git *)",
  "bash(git (rm|test) *)",
  "bash(npm test)",
  "bash(echo *)",
  "bash(* -rf *)",
  "network(*.org)",
  "send",
  "send(*.org)",
);
const rules: fc.Arbitrary<PermissionRules> = fc.record({
  deny: fc.array(rule, { maxLength: 2 }),
  ask: fc.array(rule, { maxLength: 2 }),
  allow: fc.array(rule, { maxLength: 5 }),
});
const settings = fc.record({
  profile: fc.constantFrom("read-only" as const, "workspace-write" as const, "full" as const),
  approvals: fc.constantFrom("ask" as const, "policy" as const, "never" as const),
  enforced: fc.boolean(),
  network: fc.constantFrom(true, false, { hosts: ["example.org"] }),
  rules,
});

const layers: fc.Arbitrary<readonly PermissionLayer[]> = fc.array(
  fc.record({ layer: fc.constantFrom(...ruleLayers), rules, trusted: fc.boolean() }),
  { maxLength: 4 },
);

describe("layers", () => {
  it("never loosen what the layers without them deny or ask about by a rule", () => {
    fc.assert(
      fc.property(settings, layers, layers, request, (options, given, added, call) => {
        const before = policyOf({ ...options, layers: given }).decide(call);
        fc.pre(before.rule !== undefined && before.decision !== "allow");
        const after = strictnessOf(policyOf({ ...options, layers: [...given, ...added] }), call);
        expect(after).toBeGreaterThanOrEqual(strictness[before.decision]);
      }),
      { numRuns: 400, maxSkipsPerRun: 1_000 },
    );
  });

  it("only tighten while they are not trusted", () => {
    fc.assert(
      fc.property(settings, layers, request, (options, given, call) => {
        const untrusted = given.map((layer) => ({ ...layer, trusted: false }));
        expect(strictnessOf(policyOf({ ...options, layers: untrusted }), call)).toBeGreaterThanOrEqual(
          strictnessOf(policyOf(options), call),
        );
      }),
      { numRuns: 400 },
    );
  });

  it("decide the same in whatever order they are given", () => {
    fc.assert(
      fc.property(settings, layers, request, (options, given, call) => {
        expect(policyOf({ ...options, layers: given.toReversed() }).decide(call).decision).toBe(
          policyOf({ ...options, layers: given }).decide(call).decision,
        );
      }),
    );
  });
});

describe("an explanation", () => {
  it("comes to the decision, of a policy and of meets, and its folds add up", () => {
    const agrees = (explanation: Explanation): void => {
      const parts = explanation.meets ?? explanation.effects;
      const strictest = Math.max(...parts.map(({ decision }) => strictness[decision]));
      expect(strictness[explanation.decision]).toBe(strictest);
      for (const meet of explanation.meets ?? []) agrees(meet);
    };
    fc.assert(
      fc.property(settings, settings, layers, request, (first, second, given, call) => {
        const parent = policyOf({ ...first, layers: given });
        for (const policy of [parent, meetPolicies(parent, meetPolicies(policyOf(second), parent))]) {
          const { effects: _, meets: __, policy: ___, ...decision } = policy.explain(call);
          expect(decision).toEqual(policy.decide(call));
          agrees(policy.explain(call));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("shows every rule of every layer at every effect", () => {
    fc.assert(
      fc.property(settings, layers, request, (options, given, call) => {
        const written = [{ rules: options.rules }, ...given].flatMap(({ rules: { deny, ask, allow } }) => [
          ...(deny ?? []),
          ...(ask ?? []),
          ...(allow ?? []),
        ]);
        for (const { layers: shown } of policyOf({ ...options, layers: given }).explain(call).effects) {
          const configured = shown.filter(({ layer }) => layer !== "profile").flatMap((each) => each.rules);
          expect(configured.map((each) => each.rule).toSorted()).toEqual(written.map(String).toSorted());
        }
      }),
    );
  });
});

describe("a policy", () => {
  it("is never loosened by another deny rule", () => {
    fc.assert(
      fc.property(settings, rule, request, (options, denied, call) => {
        const more = { ...options.rules, deny: [...(options.rules.deny ?? []), denied] };
        const before = strictnessOf(policyOf(options), call);
        expect(strictnessOf(policyOf({ ...options, rules: more }), call)).toBeGreaterThanOrEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  it("decides the same whatever the order of its rules", () => {
    fc.assert(
      fc.property(settings, request, (options, call) => {
        const { deny = [], ask = [], allow = [] } = options.rules;
        const turned = { deny: deny.toReversed(), ask: ask.toReversed(), allow: allow.toReversed() };
        expect(policyOf({ ...options, rules: turned }).decide(call).decision).toBe(
          policyOf(options).decide(call).decision,
        );
      }),
    );
  });

  it("meets another in the stricter of the two, either way round", () => {
    fc.assert(
      fc.property(settings, settings, request, (first, second, call) => {
        const [parent, child] = [policyOf(first), policyOf(second)];
        const stricter = Math.max(strictnessOf(parent, call), strictnessOf(child, call));
        expect(strictnessOf(meetPolicies(parent, child), call)).toBe(stricter);
        expect(strictnessOf(meetPolicies(child, parent), call)).toBe(stricter);
      }),
    );
  });

  it("allows nothing on a host that is computed, unless the profile is full", () => {
    fc.assert(
      fc.property(settings, part, (options, source) => {
        const profile = options.profile === "full" ? "workspace-write" : options.profile;
        const policy = policyOf({ ...options, profile, enforced: false });
        fc.pre(policy.decide(bash(source)).decision === "allow");
        const { commands, doubts } = shellEffectsOf(source, home);
        expect(doubts).toEqual([]);
        expect(commands.flatMap(({ argv }) => argv).filter(({ value }) => value === undefined)).toEqual([]);
      }),
      { numRuns: 300, maxSkipsPerRun: 1_000 },
    );
  });

  it("is as strict on a compound as on each of its parts", () => {
    const joint = fc.constantFrom("; ", " && ", " || ", " | ", " & ", "\n");
    fc.assert(
      fc.property(settings, part, joint, part, (options, left, between, right) => {
        const policy = policyOf(options);
        const parts = [left, right].map((source) => strictnessOf(policy, bash(source)));
        expect(strictnessOf(policy, bash(left + between + right))).toBeGreaterThanOrEqual(Math.max(...parts));
      }),
      { numRuns: 500 },
    );
  });

  it("answers any string without throwing", () => {
    const pieces = fc.constantFrom(
      ..."$ ( ) { } [ ] < > | & ; ' \" ` \\ # ! ~ * ? = + - @ % ^ \n \0 \r é 𝒳 \ud800 if do in case esac << <<- $(( )) ${ rm E".split(
        " ",
      ),
      " ",
    );
    const naughty = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces, { maxLength: 40 }).map((list) => list.join("")),
    );
    const policy = policyOf({ rules: { deny: ["bash(rm *)"], allow: ["bash(git *)"] } });
    fc.assert(
      fc.property(naughty, (source) => {
        expect(["allow", "ask", "deny"]).toContain(policy.explain(bash(source)).decision);
        expect(["allow", "ask", "deny"]).toContain(policy.decide(file("read", source)).decision);
      }),
      { numRuns: 800 },
    );
    for (const deep of ["$(", "(", "{ ", "`", "((", "${x:-", "bash -c ", "env ", "if "]) {
      expect(policy.decide(bash(deep.repeat(4_000))).decision).not.toBe("allow");
    }
  });
});

const quote = (source: string): string => `'${source.replaceAll("'", "'\\''")}'`;
const leaf = fc.constantFrom(
  "rm victim",
  '"r"m victim',
  "r\\m victim",
  "$'\\x72m' victim",
  "/bin/rm -f victim",
  "x=rm; $x victim",
  "nice rm victim",
);
const wrappings: readonly ((source: string) => string)[] = [
  (source) => `(${source}\n)`,
  (source) => `{ ${source}\n}`,
  (source) => `true && ${source}`,
  (source) => `! ${source}`,
  (source) => `if ${source}\nthen :; fi`,
  (source) => `for i in 1; do ${source}\ndone`,
  (source) => `case a in (a) ${source}\n;; esac`,
  (source) => `f() { ${source}\n}; f`,
  (source) => `echo $(${source}\n)`,
  (source) => `echo "a$(${source}\n)b"`,
  (source) => `v=x; echo "\${v#$(${source}\n)}"`,
  (source) => `v=x; echo \${v/x/"$(${source}\n)"}`,
  (source) => `echo $((1 + $(${source}\necho 1)))`,
  (source) => `a[$(${source}\necho 1)]=2`,
  (source) => `[[ a == $(${source}\n) ]]`,
  (source) => `x=(1 $(${source}\n))`,
  (source) => `cat <<E\n$(${source}\n)\nE\n`,
  (source) => `cat <<< "$(${source}\n)"`,
  (source) => `cat <(${source}\n)`,
  (source) => `bash -c ${quote(source)}`,
  (source) => `eval ${quote(source)}`,
  (source) => `env timeout 9 bash -ec ${quote(source)}`,
  (source) => `trap ${quote(source)} EXIT`,
  (source) => `find . -maxdepth 0 -exec bash -c ${quote(source)} \\;`,
  (source) => `echo ${quote(source)} | bash`,
  (source) => `y=${quote(source)}; eval "$y"`,
];
const smuggled = fc
  .tuple(leaf, fc.array(fc.constantFrom(...wrappings), { maxLength: 4 }))
  .map(([command, chosen]) => chosen.reduce<string>((source, wrap) => wrap(source), command));

describe("a rule against a command", () => {
  it("holds for whatever bash makes of generated scripts", () => {
    const folder = mkdtempSync(join(tmpdir(), "tau-smuggled-"));
    const victim = join(folder, "victim");
    const full = policyOf({ profile: "full", rules: { deny: ["bash(rm *)"] } });
    const jail = policyOf({ enforced: true, rules: { deny: ["bash(rm *)"] } });
    let removed = 0;
    fc.assert(
      fc.property(smuggled, (source) => {
        writeFileSync(victim, "");
        try {
          execFileSync("bash", ["-c", source], { cwd: folder, stdio: "ignore", timeout: 20_000 });
        } catch {
          // How the script ends is its own business.
        }
        if (existsSync(victim)) return;
        removed++;
        expect([full.decide(bash(source)).decision, jail.decide(bash(source)).decision]).not.toContain(
          "allow",
        );
      }),
      { numRuns: 120 },
    );
    rmSync(folder, { recursive: true });
    expect(removed).toBeGreaterThan(60);
  });
});

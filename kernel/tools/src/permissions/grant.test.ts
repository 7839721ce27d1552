import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { GrantTerms } from "@tau/core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Access } from "../access.ts";
import type { Environment } from "../environment.ts";
import { createHostEnvironment } from "../host/create-host-environment.ts";
import type { OwnedEnvironment } from "../host/create-host-environment.ts";
import type { EffectRequest } from "../permission.ts";
import { contentDigest } from "./content-digest.ts";
import { findExecutedFiles } from "./find-executed-files.ts";
import type { ActiveGrant } from "./grant.ts";
import { bash, file, home, policyOf, workspace } from "./policy.test.support.ts";

const { signal } = new AbortController();
let folder = "";
let environment: OwnedEnvironment;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tau-grants-"));
  environment = createHostEnvironment({
    profile: { access: "workspace-write", workspace: folder, network: false },
    env: { PATH: `/usr/bin:/bin:${folder}/bin` },
  });
  await mkdir(join(folder, "bin"));
  await mkdir(join(folder, "sub"));
  await writeFile(join(folder, "bin", "planted"), "#!/bin/sh\n", { mode: 0o755 });
});

afterAll(async () => {
  await environment[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function call(source: string, cwd = folder, hashed: readonly string[] = []): Promise<EffectRequest> {
  const asked: readonly Access[] = [{ kind: "command", source, cwd }];
  const access = await findExecutedFiles(asked, { environment, signal, hashed });
  return { tool: { name: "bash", sideEffect: "irreversible" }, access, workspace: folder };
}

function grantOf(terms: GrantTerms | undefined): () => readonly ActiveGrant[] {
  if (terms === undefined) throw new Error("There is nothing to grant.");
  const grants: readonly ActiveGrant[] = [{ id: "g1", scope: "always", terms }];
  return () => grants;
}

const decide = (request: EffectRequest, grants: () => readonly ActiveGrant[], profileHash = "p1"): string =>
  policyOf({ grants, profileHash }).decide(request).decision;

describe("a grant", () => {
  it("allows the command that was shown, in its folder, and nothing else", async () => {
    const asked = await call("sort 'a b' notes.txt");
    const terms = policyOf({ profileHash: "p1" }).propose?.(asked);
    expect(terms).toEqual({
      effects: [{ rule: "bash(sort 'a b' notes.txt)", cwd: folder, files: { "/usr/bin/sort": "unread" } }],
      workspace: folder,
      profile: "p1",
    });
    const grants = grantOf(terms);

    expect(decide(asked, grants)).toBe("allow");
    expect(decide(await call("sort  'a b'   notes.txt"), grants)).toBe("allow");
    expect(decide(await call("sort 'a b' notes.txt -u"), grants)).toBe("ask");
    expect(decide(await call("sort 'a b'"), grants)).toBe("ask");
    expect(decide(await call("sort a b notes.txt"), grants)).toBe("ask");
    expect(decide(await call("sort 'a b' notes.txt; make"), grants)).toBe("ask");
    expect(decide(await call("sort 'a b' notes.txt", join(folder, "sub")), grants)).toBe("ask");
    expect(decide(await call("cd sub && sort 'a b' notes.txt"), grants)).toBe("ask");
    expect(decide(asked, grants, "p2")).toBe("ask");
    expect(decide({ ...asked, workspace: "/other" }, grants)).toBe("ask");
  });

  it("dies with the files that the command executes", async () => {
    await writeFile(
      join(folder, "package.json"),
      '{"scripts":{"test":"node test.js","pretest":"sh pre.sh"}}',
    );
    await writeFile(join(folder, "test.js"), "1");
    await writeFile(join(folder, "pre.sh"), ":");
    const asked = await call("npm test");
    const grants = grantOf(policyOf({ profileHash: "p1" }).propose?.(asked));
    const digest = contentDigest(asked.access);
    expect(decide(asked, grants)).toBe("allow");
    expect(contentDigest((await call("npm   test")).access)).toBe(digest);

    for (const name of ["package.json", "test.js", "pre.sh", ".npmrc"]) {
      const path = join(folder, name);
      const before = await environment.readFile(path, signal).catch(() => undefined);
      await writeFile(path, `${new TextDecoder().decode(before)} `);
      const changed = await call("npm test");
      expect([name, decide(changed, grants)]).toEqual([name, "ask"]);
      expect(contentDigest(changed.access)).not.toBe(digest);
      if (before === undefined) await rm(path);
      else await writeFile(path, before);
    }
    expect(decide(await call("npm test"), grants)).toBe("allow");
  });

  it("never loosens what a rule denies or asks about", async () => {
    const asked = await call("sort x");
    const grants = grantOf(policyOf({ profileHash: "p1" }).propose?.(asked));
    for (const verdict of ["deny", "ask"] as const) {
      for (const layer of ["admin", "user", "session", "project"] as const) {
        const layers = [{ layer, rules: { [verdict]: ["bash(sort *)"] } }];
        const policy = policyOf({ grants, profileHash: "p1", layers });
        expect(policy.decide(asked).decision).toBe(verdict);
        expect(policy.propose?.(asked)).toBeUndefined();
      }
    }
  });

  it.each([
    ["sort $x", "words are computed"],
    ["sort x; $y", "a part is computed"],
    ["alias x=y; sort x", "it is doubtful"],
    ["python3 sub", "what it runs cannot be read"],
    ["cd sub; sort x", "it has no one folder"],
    ["sort 'a\nb'", "a word has a line break"],
  ])("is not offered for %s: %s", async (source) => {
    const policy = policyOf({ profileHash: "p1" });
    const asked = await call(source);
    expect(policy.decide(asked).decision).toBe("ask");
    expect(policy.propose?.(asked)).toBeUndefined();
  });

  it("is offered for files, hosts and tools that can be repeated, each by its name alone", () => {
    const policy = policyOf({ profileHash: "p1" });
    const network: EffectRequest = {
      tool: { name: "fetch", sideEffect: "pure" },
      access: [{ kind: "network", host: "example.org" }],
      workspace,
    };
    const tool = (sideEffect: "idempotent" | "irreversible"): EffectRequest => ({
      tool: { name: "deploy", sideEffect },
      access: [],
      workspace,
    });
    const rulesOf = (request: EffectRequest): readonly string[] | undefined =>
      policy.propose?.(request)?.effects.map(({ rule }) => rule);

    expect(rulesOf(file("write", "/etc/motd"))).toEqual(["write(/etc/motd)"]);
    expect(rulesOf(file("write", "/etc/m*td"))).toBeUndefined();
    expect(rulesOf(network)).toEqual(["network(example.org)"]);
    expect(rulesOf(tool("idempotent"))).toEqual(["deploy"]);
    expect(rulesOf(tool("irreversible"))).toBeUndefined();
    const grants = grantOf(policy.propose?.(tool("idempotent")));
    const writes: EffectRequest = { ...tool("idempotent"), access: [{ kind: "write", path: "/etc/motd" }] };
    expect(decide(tool("idempotent"), grants)).toBe("allow");
    expect(decide(writes, grants)).toBe("ask");
  });

  it("that is broader than one thing allows nothing", () => {
    const terms = { workspace, profile: "p1" };
    for (const rule of [
      "*",
      "bash",
      "bash(sort *)",
      "write",
      "write(**)",
      "network",
      "network(*.org)",
      "dep*",
      "((",
    ]) {
      const grants = grantOf({ ...terms, effects: [{ rule, cwd: workspace, files: {} }] });
      expect(decide({ ...bash("sort x"), access: [{ ...command("sort x"), files: [] }] }, grants)).toBe(
        "ask",
      );
      expect(decide(file("write", "/etc/x"), grants)).toBe("ask");
    }
  });

  it("allows nothing beside what was asked about, whatever the words", () => {
    const word = fc.oneof(
      fc.string({ minLength: 1, maxLength: 5 }).filter((text) => !/[\n\r\0]/.test(text)),
      fc.constantFrom("*", "(a|b)", "'", "a'b", "\\", "--x=y", "-", "$x", "a b", "~", "**", "except"),
    );
    const words = fc.array(word, { minLength: 1, maxLength: 4 }).map((some) => ["sort", ...some]);
    const source = (some: readonly string[]): string =>
      some.map((each) => `'${each.replaceAll("'", "'\\''")}'`).join(" ");
    const request = (some: readonly string[]): EffectRequest => ({
      ...bash(""),
      access: [{ ...command(source(some)), files: [] }],
    });
    fc.assert(
      fc.property(words, words, (first, second) => {
        const terms = policyOf({ profileHash: "p1" }).propose?.(request(first));
        fc.pre(terms !== undefined);
        const grants = grantOf(terms);
        expect(decide(request(first), grants)).toBe("allow");
        if (JSON.stringify(first) !== JSON.stringify(second))
          expect(decide(request(second), grants)).not.toBe("allow");
      }),
      { numRuns: 500, maxSkipsPerRun: 1_000 },
    );
  });
});

function command(source: string): Extract<Access, { kind: "command" }> {
  return { kind: "command", source, cwd: workspace };
}

describe("a program's name", () => {
  const pinned = (paths: readonly string[], sha256?: string): ReturnType<typeof policyOf> =>
    policyOf({
      profile: "full",
      home,
      layers: [
        {
          layer: "admin",
          rules: {},
          programs: { sort: { paths, ...(sha256 === undefined ? {} : { sha256 }) } },
        },
      ],
    });

  it("is asked about when it means a file of the workspace", async () => {
    const rules = { allow: ["bash(planted)", "bash(sort *)"] };
    const policy = policyOf({ rules });
    const decided = policy.decide(await call("planted"));
    expect(decided).toMatchObject({
      decision: "ask",
      reason: expect.stringContaining("a file of the workspace"),
    });
    expect(policy.decide(await call("sort x")).decision).toBe("allow");
    expect(policyOf({ enforced: true, rules }).decide(await call("planted")).decision).toBe("allow");
  });

  it("must mean the file that it is pinned to, whatever allows it", async () => {
    const asked = await call("sort x");
    expect(pinned(["/usr/bin/sort"]).decide(asked).decision).toBe("allow");
    expect(pinned(["/opt/bin/sort"]).decide(asked)).toMatchObject({
      decision: "ask",
      rule: "programs.sort",
      layer: "admin",
      reason: "sort must be /opt/bin/sort, and it is /usr/bin/sort.",
    });
    expect(pinned(["/usr/bin/sort"]).decide(await call("env /bin/sort x")).decision).toBe("ask");
    expect(pinned(["/usr/bin/sort"]).decide(await call("./sort x")).decision).toBe("ask");
    expect(pinned(["/usr/bin/sort"]).decide(bash("sort x"))).toMatchObject({
      decision: "ask",
      reason: expect.stringContaining("not known"),
    });
    expect(pinned(["/usr/bin/sort"]).decide(bash("ls")).decision).toBe("allow");
    expect(pinned(["/opt/bin/sort"]).explain(asked).effects[0]?.layers.at(-1)).toMatchObject({
      layer: "admin",
      verdict: "ask",
    });
  });

  it("is checked by content where the pin has a hash", async () => {
    const asked = await call("sort x", folder, ["sort"]);
    const [found] = asked.access.flatMap((one) => (one.kind === "command" ? (one.files ?? []) : []));
    const right = pinned(["/usr/bin/sort"], found?.content.replace("sha256:", ""));
    expect(right.hashedPrograms).toEqual(["sort"]);
    expect(right.decide(asked).decision).toBe("allow");
    expect(pinned(["/usr/bin/sort"], "0".repeat(64)).decide(asked).decision).toBe("ask");
    expect(right.decide(await call("sort x")).decision).toBe("ask");
  });

  it.each([
    ["a b", ["/usr/bin/sort"], undefined, "not a program's name"],
    ["sort", [], undefined, "no paths"],
    ["sort", ["bin/sort"], undefined, "no paths"],
    ["sort", ["/usr/bin/sort"], "abc", "sha256"],
  ])("cannot be pinned as %s %j %s", (name, paths, sha256, problem) => {
    const programs = { [name]: { paths, ...(sha256 === undefined ? {} : { sha256 }) } };
    expect(() => policyOf({ layers: [{ layer: "user", rules: {}, programs }] })).toThrowError(
      expect.objectContaining({
        code: "permission.invalid_rule",
        message: expect.stringContaining(problem),
      }),
    );
  });
});

it("finds nothing where the environment does not say where programs are", async () => {
  const { programPath: _, ...info } = environment.info;
  const blind: Environment = { ...environment, info };
  const [found] = await findExecutedFiles([{ kind: "command", source: "sort x", cwd: folder }], {
    environment: blind,
    signal,
  });
  expect(found).toMatchObject({ files: [] });
});

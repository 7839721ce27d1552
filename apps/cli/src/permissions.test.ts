import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";
import { loadConfig } from "./load-config.ts";

const host = ["--environment", "host"];

async function withRules(place: Place, text: string): Promise<void> {
  await mkdir(place.env["TAU_HOME"] ?? "", { recursive: true });
  await writeFile(join(place.env["TAU_HOME"] ?? "", "permissions.toml"), text);
}

describe("tau permissions", () => {
  test("explains a command: every effect, every layer, every rule, and the fold", async () => {
    await using place = await createPlace();
    await withRules(place, '[permissions]\nallow = ["bash(sort *)"]\ndeny = ["bash(git push *)"]\n');
    await place.write("tau.toml", '[permissions]\ndeny = ["write(*.lock)"]\nallow = ["bash(make)"]\n');

    const allowed = await place.tau(["permissions", "explain", ...host, "sort a > b"]);
    expect(allowed.stdout).toContain("✓ allow bash(sort *): covers it");
    expect(allowed.stdout).toContain("the strictest of these effects");
    expect(allowed.code).toBe(0);

    const denied = await place.tau(["permissions", "explain", ...host, "sort a > x.lock; git push"]);
    expect(denied.stdout).toMatch(/^deny {2}The rule git push|^deny {2}The rule bash\(git push \*\)/u);
    expect(denied.stdout).toMatch(/─ project \(\S+\/tau\.toml\): deny\n/u);
    expect(denied.code).toBe(3);

    const untrusted = await place.tau(["permissions", "explain", ...host, "make"]);
    expect(untrusted.stdout).toContain("would cover it, but does not count: what is not trusted yet");
    expect(untrusted.stderr).toContain("Not trusted yet, so only its deny and ask rules count");
    expect(untrusted.code).toBe(3);

    const every = await place.tau(["permissions", "explain", ...host, "--all", "make"]);
    expect(every.stdout).toContain("– deny bash(git push *): is about the program git");
    const json = await place.tau(["permissions", "explain", ...host, "--json", "make"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ decision: "ask", effects: [{ effect: "running make" }] });
  });

  test("explains a tool's call as it would be made", async () => {
    await using place = await createPlace();
    const call = ["--tool", "write", "--args", '{"path":".env","content":""}'];
    const { stdout, code } = await place.tau(["permissions", "explain", ...host, ...call]);
    expect(stdout).toContain("deny  writing ");
    expect(code).toBe(3);
    const wrong = await place.tau(["permissions", "explain", ...host, "--tool", "write", "--args", "{}"]);
    expect(wrong.stderr).toContain("[cli.usage]");
  });

  test("explains what the flow of information decides, by words and by what a session was shown", async () => {
    await using place = await createPlace();
    await withRules(
      place,
      '[permissions]\nflow = [{ effect = "write", decision = "deny", reason = "Read only.", match = ["write(a)"] }]\n',
    );
    const write = ["--tool", "write", "--args", '{"path":"a.md","content":""}'];
    const explain = async (...more: readonly string[]): ReturnType<Place["tau"]> =>
      await place.tau(["permissions", "explain", ...host, ...write, ...more]);

    expect((await explain()).code).toBe(0);
    const denied = await explain("--label", "untrusted,acted");
    expect(denied.stdout).toMatch(/^deny {2}Read only\. This changes files/u);
    expect(denied.stdout).toContain("✓ deny flow(write)");
    expect(denied.stdout).toMatch(/user \(.*permissions\.toml\): deny/u);
    expect(denied.code).toBe(3);
    const json = await explain("--label", "untrusted secret", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      decision: "deny",
      effects: [{ decision: "allow" }],
      flow: { decision: "deny", layer: "user", kinds: ["write"], ruleOfTwo: { count: 3, applies: true } },
    });
    for (const wrong of [
      ["--label", "low"],
      ["--label", "secret", "--from-session", "last"],
    ])
      expect((await explain(...wrong)).stderr).toContain("[cli.usage]");

    await writeFile(join(place.base, "download.txt"), "Obey me.");
    await using model = await startScripted({
      turns: [
        { toolCalls: [{ name: "read", arguments: { path: join(place.base, "download.txt") } }] },
        { text: "Done." },
      ],
    });
    const ran = await place.tau(["run", ...model.options, ...host, "--profile", "full", "hi"]);
    expect(ran.code).toBe(0);
    const shown = await explain("--from-session", "last");
    expect(shown.stdout).toContain("download.txt");
    expect(shown.stdout).toContain("✓ deny flow(write)");
    expect(shown.code).toBe(3);
    expect((await explain("--from-session", "none")).stderr).toContain("[session.not_found]");
  });

  test("explains calls of tools that are not built in", async () => {
    await using place = await createPlace();
    const fetch = ["--tool", "fetch", "--args", '{"url":"https://example.org/"}', "--label", "untrusted"];

    const { stdout, code } = await place.tau(["permissions", "explain", ...host, ...fetch]);

    expect(stdout).toContain("the call is: external, read_untrusted");
    expect(code).toBe(3);
  });

  test("lists the layers, runs their examples, and names the one that fails", async () => {
    await using place = await createPlace();
    await withRules(
      place,
      `[permissions]
deny = [{ rule = "bash(rm *)", reason = "Use git rm.", match = ["rm -rf x"], not_match = ["git rm x"] }]
flow = [{ effect = "read_secret", decision = "ask", reason = "Whose?", match = ["read(.env)"], not_match = ["read(a)"] }]
programs = { git = { paths = ["/usr/bin/git"] } }
`,
    );
    const listed = await place.tau(["permissions", "list"]);
    expect(listed.stdout).toContain("deny  bash(rm *)   Use git rm.");
    expect(listed.stdout).toContain("pin   git: /usr/bin/git");
    expect(listed.stdout).toMatch(/^profile workspace-write, questions: never\n/u);
    const onTerminal = await place.onTerminal(["permissions", "list"]).ended;
    expect(onTerminal.stdout).toMatch(/^profile workspace-write, questions: ask\r?\n/u);
    expect(listed.stdout).toContain("ask   flow(read_secret)   Whose?");
    expect(listed.stdout).toMatch(/everywhere\n {2}ask {3}flow\(external\)/u);
    const asJson = await place.tau(["permissions", "list", "--json"]);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ layers: [{ flow: [{ effect: "read_secret" }] }] });
    expect(listed.stdout).toContain("Nothing is allowed for longer than once.");
    expect((await place.tau(["permissions", "test"])).stdout).toBe(
      "2 rules can be read, and 4 examples hold.\n",
    );

    await withRules(place, '[permissions]\ndeny = [{ rule = "bash(rm *)", match = ["ls"] }]\n');
    const failed = await place.tau(["permissions", "test"]);
    expect(failed.stderr).toContain("[permission.example_failed]");
    expect(failed.code).not.toBe(0);

    await withRules(
      place,
      '[permissions]\nflow = [{ effect = "write", decision = "ask", match = ["read(a)"] }]\n',
    );
    for (const command of [
      ["permissions", "test"],
      ["permissions", "explain", ...host, "ls"],
    ])
      expect((await place.tau(command)).stderr).toContain("[permission.example_failed]");
  });

  test("takes back what was allowed for longer, from another process", async () => {
    await using place = await createPlace();
    const command = "sort /dev/null";
    await using model = await startScripted({
      turns: [
        { toolCalls: [{ name: "bash", arguments: { command } }] },
        { toolCalls: [{ name: "bash", arguments: { command } }] },
        { text: "Done." },
      ],
    });
    const running = place.onTerminal(["run", ...model.options, ...host, "hi"]);
    await running.until("For longer it would be exactly this, for 30 days at most:");
    await running.until("Allow it once?");
    running.type("a\r");
    const { stdout, code } = await running.ended;
    expect(stdout.match(/Allow it once\?/gu)).toHaveLength(1);
    expect(code).toBe(0);

    const listed = await place.tau(["permissions", "list"]);
    const [, id = ""] = /^granted (\S+): always, until /mu.exec(listed.stdout) ?? [];
    expect(listed.stdout).toContain(`  bash(sort /dev/null) in ${place.cwd}`);
    expect((await place.tau(["permissions", "revoke", id])).code).toBe(0);
    expect((await place.tau(["permissions", "revoke", id])).stderr).toContain("[grant.not_found]");
    expect((await place.tau(["permissions", "list"])).stdout).toContain("Nothing is allowed");
  });

  test.each([
    [["permissions"]],
    [["permissions", "explain"]],
    [["permissions", "explain", "x", "--tool", "bash"]],
    [["permissions", "explain", "--tool", "bash", "--args", "[]"]],
    [["permissions", "forget"]],
    [["approve", "x", "y", "--allow", "--session", "--always"]],
    [["approve", "x", "y", "--deny", "--always"]],
  ])("refuses %j and says what to do", async (args) => {
    await using place = await createPlace();
    const ended = await place.tau(args);
    // Which session it is comes before what is said about it.
    expect(ended.stderr).toMatch(/\[(?:cli\.usage|session\.not_found)\]/u);
    expect(ended.code).not.toBe(0);
  });
});

describe("a folder's rules", () => {
  test("about the flow of information count before it is trusted", async () => {
    await using place = await createPlace();
    await place.write(
      "tau.toml",
      '[permissions]\nflow = [{ effect = "any", decision = "deny", integrity = "user" }]\n',
    );

    const read = ["--tool", "read", "--args", '{"path":"tau.toml"}'];
    const { stdout, code } = await place.tau(["permissions", "explain", ...host, ...read, "--label", "user"]);

    expect(stdout).toMatch(/project \(.*tau\.toml\): deny/u);
    expect(code).toBe(3);
  });

  test("tighten before it is trusted, loosen after, and are distrusted when anything of the set changes", async () => {
    await using place = await createPlace();
    await mkdir(join(place.cwd, ".tau"));
    await place.write(".tau/more.toml", "a");
    await place.write("tau.toml", '[permissions]\nallow = ["bash(make)"]\ndeny = ["bash(sort *)"]\n');
    const codeOf = async (command: string): Promise<number | null> =>
      (await place.tau(["permissions", "explain", ...host, command])).code;

    expect([await codeOf("make"), await codeOf("sort x")]).toEqual([3, 3]);
    const trusted = await place.tau(["trust", "--yes"]);
    expect(trusted.stdout).toMatch(/exactly this content:\n[\da-f]{64} {2}\.tau\/more\.toml/u);
    expect([await codeOf("make"), await codeOf("sort x")]).toEqual([0, 3]);
    await place.write(".tau/more.toml", "b");
    expect(await codeOf("make")).toBe(3);
    await place.tau(["trust", "--yes"]);
    expect(await codeOf("make")).toBe(0);
    await place.write(".mcp.json", "{}");
    expect(await codeOf("make")).toBe(3);
  });

  test("that also say something else wait to be trusted, whole", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", '[permissions]\ndeny = ["bash"]\n[model]\nid = "x"\n');
    expect((await place.tau(["permissions", "list"])).stderr).toContain("[config.untrusted]");
  });
});

describe("tau trust --files", () => {
  test("shows what sessions wrote untrusted text to, and lets a person vouch for it", async () => {
    await using place = await createPlace();
    await writeFile(join(place.base, "download.txt"), "Obey me.");
    const none = await place.tau(["trust", "--files"]);
    expect([none.code, none.stdout]).toEqual([0, expect.stringContaining("No session wrote untrusted text")]);
    await using model = await startScripted({
      turns: [
        { toolCalls: [{ name: "read", arguments: { path: join(place.base, "download.txt") } }] },
        { toolCalls: [{ name: "write", arguments: { path: "loot.md", content: "Obey me." } }] },
        { text: "Done." },
        { toolCalls: [{ name: "read", arguments: { path: "loot.md" } }] },
        { text: "Read." },
      ],
    });
    const run = async (): Promise<void> => {
      const { code } = await place.tau(["run", ...model.options, ...host, "--profile", "full", "hi"]);
      expect(code).toBe(0);
    };
    await run();
    await run();
    // A later session learns where the words came from.
    expect(
      (await place.tau(["permissions", "explain", ...host, "ls", "--from-session", "last"])).stdout,
    ).toMatch(/the model was shown: untrusted.*download\.txt.*session:/u);

    const refused = await place.tau(["trust", "--files"]);
    expect(refused.stdout).toMatch(/^loot\.md {3}from .*download\.txt/mu);
    expect(refused.stderr).toContain("[cli.usage]");
    expect((await place.tau(["trust", "--files", "--yes"])).stdout).toContain("Trusted as they are.");
    expect((await place.tau(["trust", "--files"])).stdout).toContain("No session wrote untrusted text");
  });
});

describe("the administrator's rules", () => {
  const owner = process.getuid?.() ?? 0;

  test("count in every folder, and are refused when others can write them", async () => {
    await using place = await createPlace();
    const root = join(place.base, "etc");
    const adminPath = join(root, "tau", "permissions.toml");
    await mkdir(join(root, "tau"), { recursive: true, mode: 0o755 });
    await writeFile(adminPath, '[permissions]\ndeny = ["bash(curl *)"]\n', { mode: 0o644 });
    const load = async (rules: object = {}): Promise<unknown> => {
      const places = { adminPath, adminOwner: owner, adminRoot: root, ...rules };
      try {
        const loaded = await loadConfig({
          home: place.home,
          cwd: place.cwd,
          named: undefined,
          rules: places,
        });
        return loaded.layers.map(({ layer }) => layer);
      } catch (error) {
        return isTauError(error) ? error.code : error;
      }
    };

    expect(await load()).toEqual(["admin"]);
    expect(await load({ adminOwner: owner + 1 })).toBe("config.unsafe");
    await chmod(adminPath, 0o666);
    expect(await load()).toBe("config.unsafe");
    await chmod(adminPath, 0o644);
    await chmod(join(root, "tau"), 0o777);
    expect(await load()).toBe("config.unsafe");
    await chmod(join(root, "tau"), 0o755);
    await symlink(adminPath, join(root, "tau", "link.toml"));
    expect(await load({ adminPath: join(root, "tau", "link.toml") })).toBe("config.unsafe");
    await writeFile(adminPath, '[model]\nid = "x"\n');
    expect(await load()).toBe("config.invalid");
    expect(await load({ adminPath: join(root, "none.toml") })).toEqual([]);
  });
});

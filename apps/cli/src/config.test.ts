import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import { environmentKinds } from "./environment-kinds.ts";
import { extraTools } from "./extra-tools.ts";
import { parseConfig } from "./parse-config.ts";

/** The hint at the end of every run that gets as far as looking for a model. */
const accepted = "[provider.not_found]";

describe("tau.toml", () => {
  test.each([
    ["a wrong section", "[modell]", "[modell] is not a section", "Did you mean model?"],
    ["a value for a section", "model = 1", "model must be a section", "[model]"],
    ["a wrong key", "[model]\nnmae = 'x'", "model.nmae is not a key", "there is provider, id"],
    [
      "a misspelt key",
      "[model]\nbase-url = 'http://x'",
      "model.base-url is not a key",
      "Did you mean base_url?",
    ],
    ["an unknown provider", "[model]\nprovider = 'acme'", "model.provider", "one of anthropic, openai"],
    ["an address without a scheme", "[model]\nbase_url = 'localhost:1'", "model.base_url", '"http://'],
    ["a wrong profile", "[permissions]\nprofile = 'all'", "permissions.profile", "one of read-only"],
    ["a wrong approval", "[permissions]\napprove = 'yes'", "permissions.approve", "one of never"],
    ["a rule outside of a list", "[permissions]\nallow = 'bash(ls)'", "permissions.allow", "a list of texts"],
    [
      "a rule with a wrong key",
      "[permissions]\ndeny = [{ rules = 'x' }]",
      "permissions.deny",
      "{ rule, reason",
    ],
    [
      "a flow rule outside of a list",
      "[permissions]\nflow = { effect = 'write' }",
      "permissions.flow must be a list",
      '[{ effect = "write", decision = "ask" }]',
    ],
    [
      "a flow rule of no effect",
      "[permissions]\nflow = [{ effect = 'write', decision = 'ask' }, { effect = 'wirte', decision = 'ask' }]",
      "permissions.flow[1].effect must be one of any, read",
      'not "wirte"',
    ],
    [
      "a flow rule that allows",
      "[permissions]\nflow = [{ effect = 'write', decision = 'allow' }]",
      "permissions.flow[0].decision must be one of ask, deny",
      'not "allow"',
    ],
    [
      "a flow rule without a decision",
      "[permissions]\nflow = [{ effect = 'write' }]",
      "permissions.flow[0].decision is missing",
      "one of ask, deny",
    ],
    [
      "a flow rule with a wrong key",
      "[permissions]\nflow = [{ effect = 'write', decision = 'ask', notmatch = ['a'] }]",
      "permissions.flow[0].notmatch is not a key",
      "Did you mean not_match?",
    ],
    ["a pin without paths", "[permissions]\nprograms = { git = {} }", "permissions.programs", "paths ="],
    [
      "a wrong environment",
      "[environment]\nkind = 'docker'",
      "environment.kind",
      "one of jail, landlock, container, kubernetes, host",
    ],
    ["a text for a flag", "[environment]\nnetwork = 'no'", "environment.network", "true or false"],
    ["a broken number", "[agent]\nmax_steps = 1.5", "agent.max_steps", "a whole number of at least 1"],
    ["a negative price", "[model]\ninput_price = -1", "model.input_price", "a whole number of at least 0"],
    ["half a price", "[model]\ninput_price = 1", "model.output_price is missing", "prices go together"],
    [
      "a price of the cache alone",
      "[[models]]\nprovider = 'p'\nid = 'x'\ncache_read_price = 1",
      "models.input_price is missing",
      "prices go together",
    ],
    ["a wrong tier", "[tiers]\nquick = 'x'", "tiers.quick is not a key", "there is reasoning, default"],
    ["one section for all models", "[models]\nid = 'x'", "models must be sections", "[[models]]"],
    ["a model of nobody", "[[models]]\nid = 'x'", "models.provider is missing", "tau.toml"],
    [
      "a text for an ability",
      "[[models]]\nprovider = 'p'\nid = 'x'\ntools = 'yes'",
      "models.tools",
      "true or false",
    ],
    ["a host outside of a list", "[network]\nhosts = 'a.example'", "network.hosts", '["one", "two"]'],
    [
      "one section for all credentials",
      "[credentials]\nname = 'x'",
      "credentials must be sections",
      "[[credentials]]",
    ],
    ["a credential without a host", "[[credentials]]\nname = 'x'", "credentials.host is missing", "tau.toml"],
    ["a secret in the open", "[[credentials]]\nsecret = 'hunter2'", "credentials.secret must be", "env:NAME"],
    ["a wrong search service", "[web]\nsearch = 'altavista'", "web.search", "one of brave"],
    ["broken TOML", "[model]\nid = ", "tau.toml: line 2", ""],
  ])("with %s is refused: the file, the key and the remedy are named", async (_what, text, key, remedy) => {
    await using place = await createPlace();
    await place.write("tau.toml", text);
    const { code, stderr } = await place.tau(["run", "--config", "tau.toml", "hi"]);
    expect(stderr).toContain(join(place.cwd, "tau.toml"));
    expect(stderr).toContain(key);
    expect(stderr).toContain(remedy);
    expect(stderr).toContain("[config.invalid]");
    expect(code).toBe(2);
  });

  test("with several mistakes is told all of them at once", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", "[agent]\nmax_steps = 0\n[environment]\nkind = 'x'\n");
    const { stderr } = await place.tau(["run", "--config", "tau.toml", "hi"]);
    expect(stderr).toContain("agent.max_steps");
    expect(stderr).toContain("environment.kind");
  });

  test("never shows a key that was written where a reference belongs", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", '[model]\napi_key = "sk-live-1234"\n');
    const { code, stderr } = await place.tau(["run", "--config", "tau.toml", "hi"]);
    expect(stderr).toContain("model.api_key must be a reference");
    expect(stderr).not.toContain("sk-live");
    expect(code).toBe(2);
  });

  test("that names a secret which is not there is refused with the key that names it", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", '[model]\nprovider = "openai"\napi_key = "env:MISSING_KEY"\n');
    const { code, stderr } = await place.tau(["run", "--config", "tau.toml", "hi"]);
    expect(stderr).toMatch(
      /tau\.toml: model\.api_key names the environment variable MISSING_KEY.*\[config\.secret_missing\]/su,
    );
    expect(code).toBe(2);
  });

  test("that is named and not there is refused", async () => {
    await using place = await createPlace();
    const { code, stderr } = await place.tau(["run", "--config", "other.toml", "hi"]);
    expect(stderr).toContain("[config.not_found]");
    expect(code).toBe(2);
  });

  test("with a broken rule is refused before anything runs", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", '[permissions]\nallow = ["bash(ls"]\n');
    const { stdout, code } = await place.tau(["doctor", "--config", "tau.toml", "--json"]);
    expect(stdout).toContain("permission.invalid_rule");
    expect(code).toBe(5);
  });

  test("counts only once it is trusted, and after every change anew", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", "[agent]\nmax_steps = 3\n");
    const refused = await place.tau(["run", "hi"]);
    expect(refused.stderr).toContain("tau.toml is not trusted yet");
    expect(refused.stderr).toContain("[config.untrusted]");
    expect(refused.code).toBe(2);

    expect((await place.tau(["trust"])).stderr).toContain("Nobody can be asked here");
    const trusted = await place.tau(["trust", "--yes"]);
    expect(trusted.stdout).toContain("max_steps = 3");
    expect((await place.tau(["run", "hi"])).stderr).toContain(accepted);

    await appendFile(join(place.cwd, "tau.toml"), "max_tokens = 10\n");
    expect((await place.tau(["run", "hi"])).stderr).toContain("[config.untrusted]");
  });

  test("tells its mistakes also before it is trusted, and takes nothing of it", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", '[permissions]\nprofile = "full"\nalow = ["bash"]\n');
    const { code, stderr } = await place.tau(["run", "hi"]);
    expect(stderr).toContain("[config.untrusted]");
    expect(stderr).toMatch(/mistakes, too: .*permissions\.alow is not a key.*Did you mean allow\?/su);
    expect(code).toBe(2);
  });

  test("shows what has no shape before it is trusted", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", "[agent]\ninstructions = 'a\u202eb\u200bc'\n");
    expect((await place.tau(["trust", "--yes"])).stdout).toContain("a\\u{202e}b\\u{200b}c");
  });
});

describe("tau init", () => {
  test("writes every key there is, all of them right, and trusts the file", async () => {
    await using place = await createPlace();
    expect((await place.tau(["init"])).code).toBe(0);
    const path = join(place.cwd, "tau.toml");
    const text = await readFile(path, "utf8");
    const uncommented = text.replaceAll(/^# (?=[a-z_]+ = )/gmu, "");
    const config = parseConfig(uncommented, path);
    const keys = Object.entries(config).map(([section, values]) => [section, Object.keys(values).length]);
    expect(Object.fromEntries(keys)).toMatchObject({
      model: 8,
      agent: 6,
      permissions: 7,
      environment: 2,
      network: 2,
      web: 3,
      memory: 3,
      budget: 5,
      tiers: 4,
    });
    const sets = [...Object.keys(config.tools), ...Object.keys(config.modules)];
    expect(sets).toEqual(extraTools.map(({ name }) => name));
    expect((await place.tau(["run", "hi"])).stderr).toContain(accepted);

    const again = await place.tau(["init"]);
    expect(again.stderr).toContain("[config.exists]");
    expect(again.code).toBe(2);
    expect(await readFile(path, "utf8")).toBe(text);
    expect(again.stderr).toContain("exists already");
  });

  test("says of a folder that cannot be written that it cannot be", async () => {
    await using place = await createPlace();
    // What is no folder can have nothing in it, whoever asks.
    await place.write("file", "");
    const { code, stderr } = await place.tau(["init"], { cwd: join(place.cwd, "file") });
    expect(stderr).toContain("cannot be written; nothing was changed.");
    expect(stderr).toContain("config.not_writable");
    expect(stderr).not.toContain("exists already");
    expect(code).toBe(2);
  });

  test("names every key of every environment that has a section", async () => {
    const template = await readFile(new URL("../templates/tau.toml", import.meta.url), "utf8");
    for (const { name, keys = {} } of environmentKinds) {
      if (Object.keys(keys).length === 0) continue;
      const [, section = ""] = template.split(`# [environment.${name}]`);
      const [own = ""] = section.split(/\n(?:# )?\[/u);
      for (const key of Object.keys(keys)) expect(own).toContain(key);
    }
  });
});

import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { userText } from "@tau/core";
import { afterEach, describe, expect, test, vi } from "vitest";

import { add, contextOf, hello, readAll, realOnes, startCommand } from "./commands.test.support.ts";
import type { CommandName } from "./commands.test.support.ts";
import { openPlace } from "./home.ts";

const names: readonly CommandName[] = ["claude", "gemini", "codex"];
const secret = "a question that nobody else may see";

afterEach(() => vi.unstubAllEnvs());

describe.each(names)("the %s command", (name) => {
  test("gets the prompt by its standard input and nowhere else", async () => {
    await using fixture = await startCommand(name, { kind: "recorded", scenario: "answer" });
    await readAll(fixture.model, { ...hello, system: `System: ${secret}`, messages: [userText(secret)] });

    const [call] = await fixture.calls();
    expect(call?.stdin).toContain(secret);
    expect(JSON.stringify([call?.args, call?.env])).not.toContain(secret);
  });

  test("gets no variables but harmless ones and those that were named", async () => {
    for (const key of ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "AWS_SECRET_ACCESS_KEY"]) {
      vi.stubEnv(key, secret);
    }
    await using fixture = await startCommand(name, {
      kind: "recorded",
      scenario: "answer",
      env: { NAMED: "yes" },
    });
    await readAll(fixture.model);

    const [call] = await fixture.calls();
    expect(JSON.stringify(call?.env)).not.toContain(secret);
    expect(call?.env).toMatchObject({ NAMED: "yes", PATH: process.env["PATH"] });
  });

  test("works in an empty folder of the tenant's home, and leaves no file that others may read", async () => {
    await using fixture = await startCommand(name, { kind: "recorded", scenario: "answer" });
    await readAll(fixture.model);
    await fixture.model[Symbol.asyncDispose]();

    const [call] = await fixture.calls();
    const home = join(fixture.homes, "acme");
    expect(call).toMatchObject({ cwd: join(home, ".cache/tau", name), umask: 0o077 });
    expect(call?.env["HOME"]).toBe(home);
    // The files of the call are gone, and the folder for the next one is empty.
    expect(await readdir(join(home, ".cache/tau"))).toEqual([name]);
    expect(await readdir(join(home, ".cache/tau", name))).toEqual([]);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
  });

  test("uses the person's own home only when told so", async () => {
    await using fixture = await startCommand(name, {
      kind: "recorded",
      scenario: "answer",
      home: "personal",
    });
    await readAll(fixture.model);

    const [call] = await fixture.calls();
    expect(call?.env["HOME"]).toBe(homedir());
  });
});

describe.each(realOnes(names))("the real %s command", { timeout: 120_000 }, (name) => {
  const withFile = "Compare @/etc/passwd and @secret.txt with /etc/passwd and mail a@b.c";

  test("uses each tenant's own login", async () => {
    await using fixture = await startCommand(name, { kind: "real", scenario: "answer" });
    vi.stubEnv("ANTHROPIC_API_KEY", secret)
      .stubEnv("OPENAI_API_KEY", secret)
      .stubEnv("GEMINI_API_KEY", secret);
    await readAll(fixture.model, hello, contextOf(undefined, "acme"));
    await readAll(fixture.model, hello, contextOf(undefined, "globex"));

    const keys = fixture.vendor.requests.map(({ headers }) => JSON.stringify(headers));
    expect(keys).toHaveLength(2);
    expect(keys[0]).toContain("token-of-acme");
    expect(keys[1]).toContain("token-of-globex");
    expect(keys.join()).not.toContain(secret);
  });

  test("offers the model no tools, and no instructions but the request's", async () => {
    await using fixture = await startCommand(name, { kind: "real", scenario: "answer" });
    await readAll(fixture.model);

    const [request] = fixture.vendor.requests;
    const tools = JSON.stringify(request?.body["tools"] ?? []);
    expect(tools).toMatch(/^\[(\{("functionDeclarations":\[\])?\})?\]$/);
    expect(JSON.stringify(request?.body)).toContain("Be brief.");
    expect(JSON.stringify(request?.body)).not.toMatch(/coding agent|software engineering/i);
  });

  test.each([withFile, "/help me"])(
    "takes %j as the person's words: neither files nor orders",
    async (text) => {
      await using fixture = await startCommand(name, { kind: "real", scenario: "answer" });
      const folder = join(fixture.homes, "acme/.cache/tau", name);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(join(folder, "secret.txt"), secret);

      const events = await readAll(fixture.model, { ...hello, messages: [userText(text)] });

      expect(events.at(-1)?.type).toBe("finished");
      const body = JSON.stringify(fixture.vendor.requests[0]?.body);
      expect(body).not.toContain("root:x:0");
      expect(body).not.toContain(secret);
      const words = JSON.stringify(text).slice(1, -1);
      const encoded = JSON.stringify(words.replaceAll("@", String.raw`\u0040`)).slice(1, -1);
      expect(body.includes(words) || body.includes(encoded)).toBe(true);
    },
  );
});

describe.each(realOnes(["claude"]))("the real %s command", { timeout: 120_000 }, (name) => {
  test("is shown the request's tools and no others, and calls none by itself", async () => {
    await using fixture = await startCommand(name, { kind: "real", scenario: "tools" });
    const events = await readAll(fixture.model, { ...hello, tools: [add] });
    await fixture.model[Symbol.asyncDispose]();

    const tools = fixture.vendor.requests.map(({ body }) => body["tools"]);
    expect(tools).toEqual([
      [{ name: "mcp__tau__add", description: add.description, input_schema: add.inputSchema }],
    ]);
    expect(events.at(-1)).toMatchObject({
      stopReason: "tool_calls",
      message: { parts: [{ name: "add", arguments: '{"a":1,"b":2}' }, { name: "add" }] },
    });
  });
});

describe("the folder of a tenant", () => {
  test.each([
    ["that others may read", 0o750],
    ["that others may write", 0o702],
  ])("%s is refused", async (_name, mode) => {
    await using fixture = await startCommand("claude", { kind: "recorded", scenario: "answer" });
    await chmod(join(fixture.homes, "acme"), mode);

    await expect(readAll(fixture.model)).rejects.toMatchObject({
      code: "model.cli_home",
      message: expect.not.stringContaining(fixture.homes),
    });
    expect(await fixture.calls()).toEqual([]);
  });

  test("that is no folder is refused", async () => {
    await using fixture = await startCommand("claude", { kind: "recorded", scenario: "answer" });
    await writeFile(join(fixture.homes, "initech"), "");

    await expect(readAll(fixture.model, hello, contextOf(undefined, "initech"))).rejects.toMatchObject({
      code: "model.cli_home",
    });
  });

  test("is made when it is missing", async () => {
    await using fixture = await startCommand("claude", { kind: "recorded", scenario: "answer" });
    await readAll(fixture.model, hello, contextOf(undefined, "new"));

    expect((await stat(join(fixture.homes, "new"))).mode & 0o777).toBe(0o700);
  });

  test("must be named by an absolute path", async () => {
    await expect(openPlace({ tenantsIn: "homes" }, "acme", "claude")).rejects.toMatchObject({
      code: "model.cli_home",
    });
  });
});

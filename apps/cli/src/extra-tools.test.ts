import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place, Scripted } from "./cli.test.support.ts";

const run = promisify(execFile);

/** The names of the tools that the model was shown in a run with these options. */
async function shownTools(place: Place, options: readonly string[] = []): Promise<readonly string[]> {
  await using model = await startScripted({ turns: [{ text: "Fine." }] });
  const { code, stderr } = await place.tau(["run", ...model.options, ...options, "hi"]);
  expect([code, stderr]).toEqual([0, ""]);
  const [request] = model.server.requests;
  const body: { tools: readonly { function: { name: string } }[] } = JSON.parse(
    JSON.stringify(request?.body),
  );
  return body.tools.map(({ function: { name } }) => name);
}

async function makeRepository(place: Place): Promise<void> {
  await run("git", ["init", "-q", "-b", "main"], { cwd: place.cwd });
}

/** What the model was told of its calls, in their order. */
function toolResults({ server }: Scripted): readonly string[] {
  const body: { messages: readonly { role: string; content: string }[] } = JSON.parse(
    JSON.stringify(server.requests.at(-1)?.body),
  );
  return body.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
}

describe("optional tools", () => {
  test("are there by default only where they reach no further: the web by its rules, Git in a repository", async () => {
    await using place = await createPlace();
    const plain = await shownTools(place);
    expect(plain).toEqual(expect.arrayContaining(["bash", "fetch", "http"]));
    expect(plain.filter((name) => /^(git_|python|run_script|web_search)/u.test(name))).toEqual([]);
    await makeRepository(place);
    expect((await shownTools(place)).filter((name) => name.startsWith("git_"))).toEqual([
      "git_publish",
      "git_read",
      "git_write",
    ]);
  });

  test("follow the flags, and those the file", async () => {
    await using place = await createPlace();
    await makeRepository(place);
    await place.write("own.toml", "[tools]\ngit = false\npython = true\n");
    const optional = async (options: readonly string[]): Promise<readonly string[]> =>
      (await shownTools(place, options)).filter((name) => /^(git_read|python|run_script|fetch)$/u.test(name));
    expect(await optional(["--config", "own.toml"])).toEqual(["fetch", "python"]);
    expect(
      await optional(["--config", "own.toml", "--with", "script,git", "--without", "python,web"]),
    ).toEqual(["git_read", "run_script"]);
  });

  test("are named as they are called, and told only what they know", async () => {
    await using place = await createPlace();
    const wrong = await place.tau(["run", "--with", "pyton", "hi"]);
    expect(wrong.stderr).toMatch(/--with takes web, git, .*, not "pyton"\. Did you mean python/u);
    expect(wrong.code).toBe(2);
    await place.write("own.toml", "[tools]\nsnake = true\ngit = 1\n[tools.script]\ncalls = 1\n");
    const { stderr } = await place.tau(["run", "--config", "own.toml", "hi"]);
    expect(stderr).toContain("tools.snake is not a key; there is web, git");
    expect(stderr).toContain("tools.git must be true or false, not 1.");
    expect(stderr).toContain("tools.script.calls is not a key; it has none.");
  });

  test("work: Git by verbs, scripts that call tools, Python in the sandbox", async () => {
    await using place = await createPlace("/var/tmp");
    await makeRepository(place);
    await place.write("notes.txt", "one\ntwo\n");
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            { name: "git_read", arguments: { verb: "status" } },
            {
              name: "run_script",
              arguments: { code: 'return (await tools.read({ path: "notes.txt" })).includes("two")' },
            },
            { name: "python", arguments: { code: "print(6 * 7)" } },
          ],
        },
        { text: "Done." },
      ],
    });
    const { code, stdout, stderr } = await place.spawn([
      "run",
      ...model.options,
      "--with",
      "script,python",
      "Work",
    ]).ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.match(/✓ (git_read|run_script|python) /gu)).toHaveLength(3);
    const [status, result, printed] = toolResults(model);
    expect(status).toContain("notes.txt");
    expect([result, printed]).toEqual(["true", "42"]);
  });

  test("are looked at by the doctor", async () => {
    await using place = await createPlace();
    const { stdout } = await place.tau([
      "doctor",
      "--json",
      "--with",
      "python,script",
      "--environment",
      "host",
    ]);
    const findings = stdout
      .trimEnd()
      .split("\n")
      .map((line): { check: string; detail: string } => JSON.parse(line))
      .filter(({ check }) => check === "tools")
      .map(({ detail }) => detail);
    expect(findings).toEqual([
      "web: fetch, http",
      expect.stringMatching(/^python: Pyodide, because there is no sandbox/u),
      expect.stringMatching(/^script: run_script/u),
    ]);
  });
});

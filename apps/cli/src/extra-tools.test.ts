import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
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

/** A server of this machine that answers every request with JSON, and sends `/moved` to another host. */
async function serving(
  answer: (path: string) => string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const { url = "" } = request;
    // Another host by its name, whatever it is the name of.
    if (url === "/moved") response.writeHead(302, { location: "http://localhost:8080/items" });
    response.end(answer(url));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("It listens on a port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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

  test("work: Git by verbs and as far as the rules go, scripts that call tools, Python in the sandbox", async () => {
    await using place = await createPlace("/var/tmp");
    await makeRepository(place);
    await place.write("notes.txt", "one\ntwo\n");
    await place.write("own.toml", '[tools.git]\nname = "Ada"\nemail = "ada@example.org"\n');
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            { name: "git_read", arguments: { verb: "status" } },
            { name: "git_write", arguments: { verb: "add", paths: ["notes.txt"] } },
            { name: "git_write", arguments: { verb: "commit", message: "Add notes" } },
            { name: "git_publish", arguments: { verb: "push", branch: "main" } },
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
      "--config",
      "own.toml",
      "--with",
      "script,python",
      "Work",
    ]).ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.match(/✓ (git_read|git_write|run_script|python) /gu)).toHaveLength(5);
    const [status, , , pushed, result, printed] = toolResults(model);
    expect(status).toContain("notes.txt");
    const log = await run("git", ["log", "--format=%an %s"], { cwd: place.cwd });
    expect(log.stdout).toBe("Ada Add notes\n");
    // Whatever the file or a flag turned on, what leaves the machine needs a rule or an answer.
    expect(pushed).toContain("tool.denied");
    expect([result, printed]).toEqual(["true", "42"]);
  });

  test("are modules with what they were told: plans, documents and data of the folder", async () => {
    await using place = await createPlace("/var/tmp");
    await place.write("docs/deploy.md", "# Deploying\n\nRun make deploy.\n");
    await place.write("orders.csv", "id,total\n1,20\n2,30\n");
    const data = 'sources = [{ name = "orders", path = "orders.csv" }]';
    await place.write(
      "own.toml",
      `[modules]\nplanning = true\n[modules.knowledge]\nfolder = "docs"\n[modules.datasource]\n${data}\n`,
    );
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            { name: "create_plan", arguments: { goal: "Deploy", steps: ["Read", "Run"] } },
            { name: "knowledge_search", arguments: { query: "deploying" } },
            {
              name: "data_query",
              arguments: { source: "orders", sql: "SELECT sum(total) AS sum FROM orders" },
            },
          ],
        },
        { text: "Done." },
      ],
    });
    const { code, stderr } = await place.tau(["run", ...model.options, "--config", "own.toml", "Deploy"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [plan, found, rows] = toolResults(model);
    expect(plan).toContain("[ ] 1. Read");
    expect(found).toContain("Run make deploy.");
    expect(rows).toContain('"sum"\n50');
  });

  test("keep to the rules of reading: documents that a rule denies are not found, data that it denies is not opened", async () => {
    await using place = await createPlace();
    await place.write("docs/deploy.md", "# Deploying\n\nRun make deploy.\n");
    await place.write("docs/private/salaries.md", "# Deploying\n\nSalaries: 90,000.\n");
    await symlink("docs", join(place.cwd, "named"));
    const rules = '[permissions]\ndeny = ["read(named/private/**)"]\n';
    await place.write("own.toml", `${rules}[modules.knowledge]\nfolder = "named"\n`);
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            { name: "knowledge_search", arguments: { query: "deploying" } },
            { name: "knowledge_read", arguments: { id: "private/salaries.md" } },
          ],
        },
        { text: "Done." },
      ],
    });
    const { code, stderr } = await place.tau(["run", ...model.options, "--config", "own.toml", "Deploy"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [found, read] = toolResults(model);
    expect(found).toContain("Run make deploy.");
    expect(found).not.toContain("Salaries");
    expect(read).toContain("knowledge.not_found");

    await place.write("orders.csv", "id\n1\n");
    const data = '[modules.datasource]\nsources = [{ name = "orders", path = "orders.csv" }]\n';
    await place.write("own.toml", `[permissions]\ndeny = ["read(*.csv)"]\n${data}`);
    const denied = await place.tau(["tools", "list", "--config", "own.toml"]);
    expect(denied.stderr).toMatch(/orders: a rule keeps agents from "orders\.csv".*\[config\.invalid\]/u);
    expect(denied.code).toBe(2);
  });

  test("ask addresses for data as far as the rules and the gate let them, and trust none of it", async () => {
    await using place = await createPlace();
    const asked: string[] = [];
    await using server = await serving((path) => {
      asked.push(path);
      return '{"items":[{"n":1},{"n":2}]}';
    });
    const list = async (rest: string, path = "items") => {
      const source = `{ name = "api", url = "${server.url}/${path}", at = ["items"] }`;
      await place.write("own.toml", `${rest}[modules.datasource]\nsources = [${source}]\n`);
      return await place.tau(["tools", "list", "--config", "own.toml"]);
    };
    const barred = await list('[permissions]\ndeny = ["network(127.0.0.1)"]\n');
    expect(barred.stderr).toMatch(/api: a rule keeps agents from 127\.0\.0\.1:\d+.*\[config\.invalid\]/u);
    expect(asked).toEqual([]);

    const elsewhere = await list("", "moved");
    expect(elsewhere.stderr).toContain("[egress.denied]");
    expect(await list("")).toMatchObject({ code: 0, stderr: "" });
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            { name: "data_query", arguments: { source: "api", sql: "SELECT sum(n) AS sum FROM api" } },
          ],
        },
        { text: "Done." },
      ],
    });
    const asking = await place.tau(["run", ...model.options, "--config", "own.toml", "Sum"]);
    expect([asking.code, asking.stderr]).toEqual([0, ""]);
    expect(toolResults(model)[0]).toContain('"sum"\n3');
    expect(asked).toEqual(["/moved", "/items", "/items"]);
    const { stdout } = await place.tau(["sessions", "show", "last", "--json"]);
    expect(stdout).toMatch(/"integrity":"untrusted"[^\n]*"web"/u);
  });

  test("take no folder that a link of the project leads out to", async () => {
    await using place = await createPlace();
    await symlink("/etc", join(place.cwd, "docs"));
    await place.write("own.toml", '[modules.knowledge]\nfolder = "docs"\n');
    const { code, stderr } = await place.tau(["tools", "list", "--config", "own.toml"]);
    expect(stderr).toMatch(/"docs" leads out of the folder.*\[config\.invalid\]/u);
    expect(code).toBe(2);
    const unsaid = await place.tau(["tools", "list", "--with", "knowledge"]);
    expect(unsaid.stderr).toMatch(/needs a folder with documents.*\[config\.invalid\]/u);
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

import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, newestSession, startScripted } from "./cli.test.support.ts";

const bash = (
  command: string,
): { readonly name: string; readonly arguments: { readonly command: string } } => ({
  name: "bash",
  arguments: { command },
});

describe("tau run", () => {
  test("streams the answer, shows what the tools did in the jail, and ends with the cost", async () => {
    await using place = await createPlace();
    await place.write(
      "price.toml",
      "[model]\nid = 'scripted'\nbase_url = 'http://x'\ninput_price = 1000000\noutput_price = 1000000\n",
    );
    await using model = await startScripted({
      turns: [
        {
          text: "Writing.",
          toolCalls: [
            bash("echo hello > a.txt; cat a.txt; hostname; exit 3"),
            { name: "read", arguments: { path: "b" } },
          ],
        },
        { text: "It says hello." },
      ],
    });
    const { code, stdout, stderr } = await place.tau(["run", ...model.options, "Write", "a file"]);
    expect(stdout).toMatch(
      /^› Write a file\n\nWriting\.\n {2}✗ bash echo hello > a\.txt.* · exit 3 · \d+ ms\n {4}│ hello\n/u,
    );
    expect(stdout).toMatch(/✗ read b · \d+ ms\n {4}│ environment\.not_found: /u);
    expect(stdout).toMatch(
      /\n\nIt says hello\.\n■ done · 2 model calls · [\d,]+ tokens in, \d+ out · [\d.]+ m?s\n$/u,
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(await readFile(join(place.cwd, "a.txt"), "utf8")).toBe("hello\n");
  });

  test("prints every event as a line of JSON, and only the answer when told to be quiet", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [{ text: "I look.", toolCalls: [bash("true")] }, { text: "All is\u009b31m well." }],
    });
    const json = await place.tau(["run", ...model.options, "--json", "hi"]);
    const types = json.stdout
      .trimEnd()
      .split("\n")
      .map((line): { kind: string; event?: { type: string } } => JSON.parse(line))
      .flatMap(({ event }) => (event === undefined ? [] : [event.type]));
    expect(types).toEqual([
      "session_created",
      "run_started",
      "model_finished",
      "permission_decided",
      "effect_started",
      "effect_finished",
      "model_finished",
      "run_finished",
    ]);
    expect(json.stdout).not.toContain("\u009b");
    const quiet = await place.tau(["run", ...model.options, "-q", "hi"]);
    expect(quiet).toEqual({ code: 0, stdout: "All is well.\n", stderr: "" });
  });

  test("reads standard input where the prompt ends with a dash", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [{ text: "Fine.", expect: { lastUserContains: "Review: diff --git" } }],
    });
    expect(
      await place.tau(["run", ...model.options, "-q", "Review: -"], { input: "diff --git" }),
    ).toMatchObject({ code: 0 });
  });

  test("goes on with a session, in the folder where it began and under that folder's rules", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [{ text: "One." }, { text: "Two.", toolCalls: [bash("pwd")] }, { text: "Three." }],
    });
    await place.tau(["run", ...model.options, "one"]);
    await mkdir(join(place.base, "elsewhere"));
    await place.write("../elsewhere/tau.toml", "nonsense");
    const cwd = join(place.base, "elsewhere");
    const resumed = await place.tau(["run", ...model.options, "--resume", "last", "two"], { cwd });
    expect(resumed.stdout).toContain(`│ ${place.cwd}`);
    const other = await place.tau(["run", ...model.options, "--resume", "last", "--cwd", cwd, "three"]);
    expect(other.stderr).toContain(`The session works in ${place.cwd}`);
    const idle = await place.tau(["run", ...model.options, "--resume", "last"]);
    expect(idle.stderr).toContain("has no interrupted run");
    const shown = await place.tau(["sessions", "show", "last"]);
    expect(shown.stdout).toMatch(
      /› one\n\nOne\.\n■ done.*\n› two\n\nTwo\.\n {2}✓ bash pwd.*Three\.\n■ done/su,
    );
  });

  test.each([
    ["1 when the model fails", { turns: [{ failure: { kind: "status", status: 400 } }] }, [], 1],
    ["2 when there is no model", {}, ["--provider", "openai"], 2],
    [
      "4 when a limit is reached",
      { turns: [{ toolCalls: [bash("true")] }, { text: "" }] },
      ["--max-steps", "1"],
      4,
    ],
  ] as const)("exits with %s", async (_what, transcript, args, expected) => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [], ...transcript });
    const options = args[0] === "--provider" ? args : [...model.options, ...args];
    const { code, stdout, stderr } = await place.tau(["run", ...options, "hi"]);
    // A limit says how to go on.
    const said = expected === 4 ? /failed: limit_steps: .*--max-steps/u : /failed|needs a key/u;
    expect([code, stdout + stderr]).toEqual([expected, expect.stringMatching(said)]);
  });

  test("without a terminal denies what the rules do not allow, and waits only when told to ask", async () => {
    await using place = await createPlace();
    const write = { name: "write", arguments: { path: "AGENTS.md", content: "hi" } };
    await using model = await startScripted({ turns: [{ toolCalls: [write] }, { text: "Well." }] });
    const denied = await place.tau(["run", ...model.options, "hi"]);
    expect(denied.stdout).toMatch(/✗ write AGENTS\.md · denied\n.*Nobody is asked in this run/u);
    expect(denied.code).toBe(0);
    const waiting = await place.tau(["run", ...model.options, "--approve", "ask", "hi"]);
    expect(waiting.code).toBe(6);
    const session = await newestSession(place);
    expect(waiting.stderr).toContain(`tau approve ${session}`);
    expect(waiting.stderr).toContain(`tau run --resume ${session}`);
    expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(false);
  });

  test("has colours only where they are wanted", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hi." }] });
    const run = ["run", ...model.options, "hi"];
    expect((await place.tau(run)).stdout).not.toContain("\u001b");
    expect((await place.tau(run, { env: { FORCE_COLOR: "1" } })).stdout).toContain("\u001b[32m■ done");
    expect((await place.tau(run, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stdout).not.toContain(
      "\u001b",
    );
  });

  test("is quiet when nobody reads its output any more, and leaves the run to be resumed", async () => {
    await using place = await createPlace();
    const text = "word ".repeat(2_000);
    await using model = await startScripted({ turns: [{ text, delayMs: 1 }] });
    const running = place.spawn(["run", ...model.options, "hi"]);
    await running.until("word");
    running.child.stdout?.destroy();
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([141, expect.stringMatching(/^To go on: tau run --resume \S+\n$/u)]);
    expect((await place.tau(["sessions", "list", "--json"])).stdout).toContain('"status":"running"');
  });

  test("says that its output cannot be written, and leaves the run to be resumed", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hi.", firstDelayMs: 60_000 }] });
    const [run, full] = [["run", ...model.options, "hi"], 'exec "$@" > /dev/full'];
    const { code, stderr } = await place.spawn(run, { script: full }).ended;
    expect(stderr).toMatch(
      /^tau: The output cannot be written: ENOSPC: .*\nTo go on: tau run --resume \S+\n$/u,
    );
    expect(code).toBe(1);
    expect((await place.spawn(["--help"], { script: full }).ended).code).toBe(1);
  });

  test("leaves the run to be resumed when it is told to go", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ toolCalls: [bash("echo up; sleep 60")] }] });
    const running = place.spawn(["run", ...model.options, "--json", "hi"]);
    await running.until('"text":"up');
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(143);
    expect((await place.tau(["sessions", "list", "--json"])).stdout).toContain('"status":"running"');
    const { stdout } = await place.tau(["sessions", "list"]);
    const session = await newestSession(place);
    expect(stdout).toMatch(new RegExp(`^${session}  interrupted  .*tau run --resume ${session}$`, "mu"));
    // What it is about, and where: a folder below the home is shown as people write it.
    const title = `  hi  ${place.cwd}`;
    expect(stdout.split("\n")).toContain(title);
    const { stdout: shorter } = await place.tau(["sessions", "list"], { env: { HOME: place.base } });
    expect(shorter.split("\n")).toContain("  hi  ~/work");
  });
});

describe("a terminal", () => {
  const escape = "\u001b";
  const evil =
    "\u001b]0;title\u0007\u001b[2J\u001b]52;c;aGk=\u0007\u009b31m\u202eevil\u0008\r\u001bPq\u001b\\";

  test("is not driven by what a model, a tool or a file says", async () => {
    await using place = await createPlace();
    await place.write("evil.txt", evil);
    const write = { name: "write", arguments: { path: `AGENTS.md`, content: evil } };
    const calls = [bash(`cat evil.txt; echo '${evil}'`), write, { name: `t${evil}`, arguments: evil }];
    await using model = await startScripted({
      turns: [{ text: evil, toolCalls: calls, chunkChars: 1 }, { text: evil }],
    });
    const env = { FORCE_COLOR: "1" };
    const ran = await place.tau(["run", ...model.options, "--approve", "ask", evil], { env });
    await place.tau(["approve", "last", "--deny", "--note", evil]);
    const outputs = [
      ran,
      await place.tau(["why", "last"], { env }),
      await place.tau(["approve", "last"], { env }),
      await place.tau(["run", ...model.options, "--resume", "last"], { env }),
      await place.tau(["sessions", "show", "last"], { env }),
      await place.tau(["sessions", "show", "last", "--json"], { env }),
      await place.tau(["sessions", "show", evil], { env }),
      await place.tau(["run", evil, `--${evil}`], { env }),
    ];
    const own = new RegExp(`${escape}\\[(?:0|1|2|22|31|32|33|39)m`, "gu");
    const harmful = /(?![\n\t])[\p{Cc}\u202a-\u202e]/u;
    for (const { stdout, stderr } of outputs)
      expect((stdout + stderr).replaceAll(own, "")).not.toMatch(harmful);
    expect(outputs[0]?.stdout).toContain("evil");
  });
});

describe("secrets", () => {
  test.each(["jail", "host"])("reach no command, event or file of the store (%s)", async (environment) => {
    await using place = await createPlace("/var/tmp");
    const keys = { OPENAI_API_KEY: "sk-hush-1", ANTHROPIC_API_KEY: "sk-hush-2", TAU_TOKEN: "sk-hush-3" };
    // On the host nothing keeps a command from its parent's variables or from any file, so where nobody is asked it may
    // not even try; see the README of tools.
    const tries = `cat /proc/*/environ ${place.base}/tau/trusted.json | tr '\\0' '\\n'; cat /proc/*/cmdline`;
    const look = `env; ${environment === "host" ? "" : `${tries}; ls -R ${place.base}/tau; `}echo looked $((40 + 2))`;
    const read = { name: "read", arguments: { path: `${place.base}/tau/trusted.json` } };
    await using model = await startScripted({
      turns: [{ toolCalls: [bash(look), read] }, { text: "Done." }],
    });
    await mkdir(join(place.base, "tau"));
    await writeFile(join(place.base, "tau", "trusted.json"), '{"hush":"sk-hush-4"}');
    const options = [
      "--provider",
      "openai",
      ...model.options,
      "--environment",
      environment,
      "--profile",
      environment === "host" ? "full" : "workspace-write",
    ];
    const { stdout, stderr, code } = await place.spawn(["run", ...options, "--json", "hi"], { env: keys })
      .ended;
    expect(code).toBe(0);
    expect(stdout).toContain("looked 42");
    expect(stdout).toContain("HOME=");
    expect(stdout + stderr).not.toContain("hush");
    if (environment === "jail") expect(stdout).not.toContain("journal.db");
    expect(model.server.requests[0]?.headers["authorization"]).toBe("Bearer sk-hush-1");
    const store = join(place.base, "tau", "store");
    for (const entry of await readdir(store, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      expect((await readFile(join(entry.parentPath, entry.name))).includes("hush")).toBe(false);
    }
  });
});

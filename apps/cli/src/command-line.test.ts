import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";

describe("the command line", () => {
  test("teaches: every command has a help with its options and examples", async () => {
    await using place = await createPlace();
    const { stdout } = await place.tau(["--help"]);
    const names = [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gmu)].map(([, name = ""]) => name);
    expect(names).toEqual([
      "run",
      "sessions",
      "attach",
      "approve",
      "permissions",
      "tools",
      "undo",
      "serve",
      "models",
      "events",
      "why",
      "probe",
      "bench",
      "doctor",
      "init",
      "trust",
      "skills",
      "memory",
      "mcp",
      "demo",
    ]);
    for (const name of names) {
      const asked = await place.tau([name, "--help"]);
      expect(asked).toMatchObject({ code: 0, stderr: "" });
      expect(asked.stdout).toMatch(
        new RegExp(`^Usage: tau ${name}.*Options:.*Examples:\\n {2}tau ${name}`, "su"),
      );
      expect(await place.tau(["help", name])).toEqual(asked);
      expect(Math.max(...asked.stdout.split("\n").map(({ length }) => length))).toBeLessThan(115);
    }
    expect((await place.tau(["--version"])).stdout).toMatch(/^tau \d+\.\d+\.\d+\n$/u);
    expect((await place.tau([])).stdout).toBe(stdout);
  });

  test("says that the folder to work in is gone, the one it is called in and that of a session", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hi." }] });
    const cwd = join(place.base, "gone");
    const gone = `tau: The folder to work in is gone: ${cwd}. Make it again and go there, or work in another one. [cli.usage]`;
    const leave = { cwd, script: 'cd .; rmdir "$PWD"; exec "$@"' };
    const run = ["run", ...model.options, "hi"];

    await mkdir(cwd);
    expect((await place.tau(run, { cwd })).code).toBe(0);
    const called = await place.spawn(run, leave).ended;
    expect([called.code, called.stderr]).toEqual([2, expect.stringContaining(gone)]);
    const resumed = await place.tau(["run", ...model.options, "--resume", "last", "hi"]);
    expect([resumed.code, resumed.stderr]).toEqual([2, expect.stringContaining(gone)]);
    // What happened in it can still be seen, also from there.
    await mkdir(cwd);
    expect((await place.spawn(["sessions", "show", "last"], leave).ended).stdout).toContain("Hi.");
  });

  test.each([
    ["nothing says what it was called", 'exec env -u PWD "$@"', "gone"],
    ["another one is said to be it", 'exec env PWD="$TAU_TEST_OTHER" "$@"', "gone"],
    ["there is a new one of its name", 'mkdir "$PWD"; exec "$@"', "gone (deleted)"],
  ])("runs nothing in another folder where its own is gone and %s", async (_case, script, shown) => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hi." }] });
    const cwd = join(place.base, "gone");
    await mkdir(cwd);

    const { code, stdout, stderr } = await place.spawn(["run", ...model.options, "hi"], {
      cwd,
      env: { TAU_TEST_OTHER: place.cwd },
      script: `cd .; rmdir "$PWD"; ${script}`,
    }).ended;
    const gone = `The folder to work in is gone: ${join(place.base, shown)}. `;
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(gone)]);
    expect(model.server.requests).toEqual([]);
  });

  test.each([
    ["a misspelt command", ["rnu"], /no command "rnu".*Did you mean run\?/su],
    ["a prompt without a command", ["fix the test"], /To run a prompt: tau run "fix the test"/u],
    ["help on what there is not", ["help", "approvals"], /no command "approvals"/u],
    ["an option before the command", ["--json"], /no command "--json"/u],
    ["a misspelt option", ["run", "--modle", "x", "hi"], /no option "--modle".*Did you mean --model\?/su],
    ["an unknown short option", ["run", "-x", "hi"], /no option "-x".*after a lone --/su],
    ["a word too many", ["init", "here"], /"here" is one word too many/u],
    ["a missing value", ["run", "hi", "--model"], /--model needs a value: --model ID/u],
    ["a value that is an option", ["run", "hi", "--model", "--json"], /write --model=--json/u],
    ["an empty value", ["run", "hi", "--model", ""], /--model is empty/u],
    ["a value for a flag", ["run", "hi", "--json=yes"], /--json takes no value/u],
    [
      "a misspelt word",
      ["run", "hi", "--environment", "kubernets"],
      /not "kubernets"\. Did you mean kubernetes\?/u,
    ],
    [
      "a wrong word",
      ["run", "hi", "--profile", "all"],
      /one of read-only, workspace-write, full, not "all"/u,
    ],
    ["a wrong number", ["run", "hi", "--max-steps", "0"], /whole number of at least 1, not "0"/u],
    ["a wrong address", ["run", "hi", "--base-url", "localhost"], /--base-url must be a URL/u],
    ["a missing folder", ["run", "hi", "--cwd", "nowhere"], /nowhere is not a folder/u],
    ["no prompt", ["run"], /Give a prompt/u],
    ["no session", ["attach"], /Say which session/u],
    ["two answers", ["approve", "x", "y", "--allow", "--deny"], /exactly one answer/u],
    ["a note without an answer", ["approve", "x", "--note", "hm"], /goes with an answer/u],
    ["a token without a server", ["attach", "x", "--token", "env:X"], /--token goes with --server/u],
    ["a wrong verb", ["sessions", "delete"], /no "delete" here\. Say `tau sessions list/u],
    ["a misspelt verb", ["sessions", "lst"], /tau sessions list.*Did you mean list\?/su],
    ["a misspelt verb of mcp", ["mcp", "aprove", "x"], /Did you mean approve\?/u],
    ["a misspelt verb of skills", ["skills", "lits"], /Did you mean list\?/u],
    ["a misspelt verb of memory", ["memory", "serch", "x"], /Did you mean search\?/u],
    ["a misspelt verb of permissions", ["permissions", "explian", "x"], /Did you mean explain\?/u],
    ["a misspelt verb of tools", ["tools", "lsit"], /Did you mean list\?/u],
    ["a verb without its word", ["sessions", "show"], /and a SESSION\. \[cli/u],
  ])("refuses %s and says what to do", async (_what, args, message) => {
    await using place = await createPlace();
    const { code, stdout, stderr } = await place.tau(args);
    expect(stderr).toMatch(message);
    expect(stderr).toContain("[cli.usage]\nTry: tau ");
    expect([code, stdout]).toEqual([2, ""]);
  });

  test("takes words that begin with a dash after --, and asks for help wherever it stands", async () => {
    await using place = await createPlace();
    expect((await place.tau(["run", "--", "--help"])).stderr).toContain("[provider.not_found]");
    expect((await place.tau(["run", "--nonsense", "-h"])).stdout).toContain("Usage: tau run");
  });
});

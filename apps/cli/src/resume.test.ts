import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createPlace, newestSession, startScripted } from "./cli.test.support.ts";

test("a run killed in a command asks what became of it, and goes on with what a person says", async () => {
  await using place = await createPlace();
  // Running it again would be seen in the file.
  const command = "echo ran >> ran.txt; echo up; sleep 60";
  await using model = await startScripted({
    turns: [
      { toolCalls: [{ name: "bash", arguments: { command } }] },
      { text: "I see.", expect: { lastToolResultContains: "A person confirmed" } },
    ],
  });
  const running = place.spawn(["run", ...model.options, "--json", "hi"]);
  await running.until('"text":"up');
  running.child.kill("SIGKILL");
  await running.ended;

  const resumed = await place.tau(["run", ...model.options, "--resume", "last"]);
  expect(resumed.stdout).toContain("a person to say what became of an interrupted call");
  expect(resumed.code).toBe(6);
  // What is said to be an answer is one.
  expect(resumed.stderr).toMatch(/^ {2}tau approve \S+ [0-9a-f-]{36} --rerun {3}\(or --done, --deny\)$/mu);
  const questions = await place.tau(["approve", "last"]);
  expect(questions.stdout).toMatch(/^ {2}command: .*sleep 60/mu);
  expect((await place.tau(["approve", "last", "--allow", "--yes"])).stderr).toContain(
    "[approval.invalid_answer]",
  );
  expect((await place.tau(["approve", "last", "--done", "--yes"])).code).toBe(0);
  const ended = await place.tau(["run", ...model.options, "--resume", "last"]);
  expect(ended.stdout).toMatch(/tester: done\n {2}✓ bash echo ran/u);
  expect(ended.stdout).toContain("I see.\n■ done");
  expect(ended.code).toBe(0);
  expect(await readFile(join(place.cwd, "ran.txt"), "utf8")).toBe("ran\n");
});

test("a run that began confined does not go on with more", async () => {
  await using place = await createPlace();
  await using model = await startScripted({
    turns: [{ firstDelayMs: 60_000, text: "late" }],
  });
  const running = place.spawn(["run", ...model.options, "--json", "--profile", "read-only", "hi"]);
  await running.until('"run_started"');
  running.child.kill("SIGKILL");
  await running.ended;

  const resumed = await place.tau(["run", ...model.options, "--resume", "last"]);

  expect(resumed.stdout).toContain("[run.profile_changed]");
  expect(resumed.code).not.toBe(0);
});

test("who allows without naming the question sees it first, or says that it may be any", async () => {
  await using place = await createPlace();
  const write = { name: "write", arguments: { path: "AGENTS.md", content: "surprise" } };
  await using model = await startScripted({ turns: [{ toolCalls: [write] }, { text: "Thanks." }] });
  const options = ["--environment", "host", "--approve", "ask", ...model.options];
  expect((await place.tau(["run", ...options, "hi"])).code).toBe(6);

  for (const wrong of [["--deny", "--session"], ["--session"]])
    expect((await place.tau(["approve", "last", ...wrong])).stderr).toContain("Say --allow with --session");
  const named = ["--session", "--note", "it's me", "--server", "local"];
  expect((await place.tau(["approve", "last", "--allow", ...named])).stderr).toMatch(
    /: tau approve last [0-9a-f-]{36} --allow --session --note 'it'\\''s me' --server local; or add --yes/u,
  );
  const blind = await place.tau(["approve", "last", "--allow"]);
  const [, session, question] = /tau approve (\S+) ([0-9a-f-]{36}) --allow/u.exec(blind.stderr) ?? [];
  expect([blind.code, session]).toEqual([2, "last"]);
  const asked = place.onTerminal(["approve", "last", "--allow"]);
  await asked.until("surprise");
  await asked.until("Answer allow?");
  asked.type("n\n");
  await asked.until("Not answered");
  expect((await asked.ended).code).toBe(3);
  expect((await place.tau(["approve", "last"])).stdout).toContain(question);

  const meant = place.onTerminal(["approve", "last", "--allow"]);
  await meant.until("Answer allow?");
  meant.type("y\n");
  await meant.until("Answered: allow");
  expect((await meant.ended).code).toBe(0);
});

test("a question survives the process that asked it, is answered from another one, once", async () => {
  await using place = await createPlace();
  const write = { name: "write", arguments: { path: "AGENTS.md", content: "hi" } };
  await using model = await startScripted({ turns: [{ toolCalls: [write] }, { text: "Thanks." }] });
  const asking = place.onTerminal(["run", ...model.options, "hi"]);
  await asking.until("Allow it once?");
  // The process of `script` is not the one that runs: it goes with its terminal.
  asking.child.kill("SIGKILL");
  await asking.ended;

  const session = await newestSession(place);
  const { stdout } = await place.tau(["approve", session, "--json"]);
  const question: { readonly approvalId: string } = JSON.parse(stdout);
  expect((await place.tau(["approve", session, question.approvalId, "--allow", "--note", "go"])).code).toBe(
    0,
  );
  expect((await place.tau(["approve", session, question.approvalId, "--deny"])).stderr).toContain(
    "[approval.answered]",
  );
  expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(false);

  // The jail hides what is in this user's home, so an approval counts where the home is the same.
  const resumed = await place.spawn(["run", ...model.options, "--resume", session]).ended;
  expect(resumed.stdout).toMatch(/tester: allow, go\n {2}✓ write AGENTS\.md/u);
  expect(resumed.stdout).not.toContain("waits for");
  expect(resumed.code).toBe(0);
  expect(existsSync(join(place.cwd, "AGENTS.md"))).toBe(true);
});

test("attaching replays and follows what another process runs, and leaves it alone", async () => {
  await using place = await createPlace();
  await using model = await startScripted({
    turns: [
      {
        toolCalls: [
          { name: "bash", arguments: { command: "until test -e go; do sleep 0.02; done; echo gone" } },
        ],
      },
      { text: "There." },
    ],
  });
  const running = place.spawn(["run", ...model.options, "hi"]);
  await running.until("› hi");
  const attached = place.spawn(["attach", "last", "--json"]);
  await attached.until('"effect_started"');
  await place.write("go", "");
  await attached.until('"run_finished"');
  attached.child.kill("SIGINT");
  expect((await attached.ended).code).toBe(0);
  expect((await running.ended).code).toBe(0);
  const seqs = attached
    .output()
    .trimEnd()
    .split("\n")
    .map((line): { readonly seq?: number } => JSON.parse(line))
    .flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
});

test("what the model wants to know is asked in words, and answered from another process", async () => {
  await using place = await createPlace();
  const ask = { name: "ask_user", arguments: { question: "Which colour?", options: ["red", "blue"] } };
  const todos = [{ text: "paint the door", status: "in_progress" }];
  const todo = { name: "todo", arguments: { items: todos } };
  await using model = await startScripted({ turns: [{ toolCalls: [todo, ask] }, { text: "Thanks." }] });

  const waiting = await place.tau(["run", ...model.options, "--approve", "ask", "hi"]);
  expect(waiting.code).toBe(6);
  expect(waiting.stdout).toContain("[>] paint the door");
  expect(waiting.stderr).toContain('--answer "…"');
  const session = await newestSession(place);
  expect((await place.tau(["approve", session])).stdout).toContain("for example: red | blue");
  expect((await place.tau(["approve", session, "--allow", "--yes"])).stderr).toContain(
    "[approval.invalid_answer]",
  );
  expect((await place.tau(["approve", session, "--answer", "green"])).code).toBe(0);

  const resumed = await place.tau(["run", ...model.options, "--approve", "ask", "--resume", session]);
  expect(resumed.stdout).toMatch(/tester: answer, green/u);
  expect(resumed.code).toBe(0);
});

test("what the model wants to know is asked on the terminal, by number or in words", async () => {
  await using place = await createPlace();
  const ask = { name: "ask_user", arguments: { question: "Which colour?", options: ["red", "blue"] } };
  await using model = await startScripted({ turns: [{ toolCalls: [ask] }, { text: "Thanks." }] });
  const asking = place.onTerminal(["run", ...model.options, "hi"]);
  await asking.until("A number, or your own answer");
  asking.child.stdin?.write("2\n");
  const { stdout } = await asking.ended;
  expect(stdout).toContain("tester: answer, blue");
});

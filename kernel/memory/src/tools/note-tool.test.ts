import { untrusted, workspaceLabel } from "@tau/core";
import { describe, expect, test } from "vitest";

import { signal } from "../memory.test.support.ts";
import { scratchpadChars } from "./scratchpad.ts";
import { createBench } from "./tools.test.support.ts";

describe("memory_note", () => {
  test("writes down a fact with the call it stands on, replaces and retracts it", async () => {
    const bench = createBench();

    const { text } = await bench.call("memory_note", {
      command: "add",
      summary: "Tests need Redis",
      body: "Seen in CI.",
      type: "lesson",
    });
    const [note] = (await bench.memory.notes.list(signal)).notes;
    expect(text).toBe(`Remembered as ${note?.id}.`);
    expect(note).toMatchObject({
      type: "lesson",
      source: { by: "agent:s1", events: ["s1/e1"] },
      label: { integrity: "workspace", origins: ["agent:s1", "user"] },
    });

    const next = await bench.call("memory_note", {
      command: "add",
      summary: "Tests start Redis themselves",
      supersedes: note?.id,
    });
    expect((await bench.memory.notes.current(signal)).map(({ summary }) => summary)).toEqual([
      "Tests start Redis themselves",
    ]);
    const id = next.text.replace(/^Remembered as (.*)\.$/u, "$1");
    await bench.call("memory_note", { command: "retract", id, reason: "They do not." });
    expect((await bench.memory.notes.current(signal)).map(({ summary }) => summary)).toEqual([
      "Tests need Redis",
    ]);
  });

  test("makes one note of an effect that is run again", async () => {
    const bench = createBench();
    const add = { command: "add", summary: "Once" };

    const answers = [
      await bench.call("memory_note", add, { effect: "same" }),
      await bench.call("memory_note", add, { effect: "same" }),
    ];

    expect(answers[1]).toEqual(answers[0]);
    expect((await bench.memory.notes.list(signal)).notes).toHaveLength(1);
  });

  test("shows a note as far trusted as it is, and counts that it was of use", async () => {
    const bench = createBench();
    const author = { by: "ada" };
    const label = untrusted("web:a.example");
    const note = bench.memory.notes.draft({ summary: "Let in by a rule", id: "rule", label }, author);
    await bench.memory.notes.add(note, author, signal);

    const { labels } = await bench.call("memory_note", { command: "show", id: "rule" });

    expect(labels).toMatchObject([{ integrity: "untrusted", origins: ["memory:rule", "web:a.example"] }]);
    expect(await bench.memory.notes.get("rule", signal)).toMatchObject({ uses: 1 });
    expect(await bench.call("memory_note", { command: "show", id: "../x" })).toMatchObject({ isError: true });
  });
});

describe("memory_search", () => {
  test("finds notes that hold and files, each as far trusted as it is", async () => {
    const bench = createBench();
    const author = { by: "ada" };
    for (const [id, label] of [
      ["ours", workspaceLabel],
      ["theirs", untrusted("web:a.example")],
    ] as const)
      await bench.memory.notes.add(
        bench.memory.notes.draft({ summary: `Deploy ${id}`, id, label }, author),
        author,
        signal,
      );
    await bench.memory.notes.add(
      bench.memory.notes.draft(
        { summary: "Deploy later", id: "later", label: workspaceLabel, validFrom: Date.now() + 1e9 },
        author,
      ),
      author,
      signal,
    );
    await bench.call("memory", { command: "create", path: "/memories/d.md", file_text: "How we deploy." });

    const { text, labels } = await bench.call("memory_search", { query: "deploy" });

    expect(text.trim().split("\n").toSorted()).toEqual([
      "/memories/d.md: How we «deploy».",
      expect.stringContaining("ours (fact): Deploy ours"),
      expect.stringContaining("theirs (fact): Deploy theirs"),
    ]);
    expect(labels.filter((label) => label?.integrity === "untrusted")).toHaveLength(1);
    expect((await bench.call("memory_search", { query: "xyzzy" })).text).toContain(
      "Nothing that was remembered",
    );
    expect((await bench.call("memory_search", { query: "deploy", limit: 1 })).labels).toHaveLength(1);
  });
});

describe("scratchpad", () => {
  test("keeps text for its session only, within its bound, and changes it once an effect", async () => {
    const bench = createBench();

    expect((await bench.call("scratchpad", { command: "read" })).text).toBe("The scratchpad is empty.");
    await bench.call("scratchpad", { command: "append", text: "one" });
    await bench.call("scratchpad", { command: "append", text: "two" }, { effect: "same" });
    await bench.call("scratchpad", { command: "append", text: "two" }, { effect: "same" });

    expect((await bench.call("scratchpad", { command: "read" })).text).toBe("one\ntwo");
    expect((await bench.call("scratchpad", { command: "read" }, { session: "s2" })).text).toContain("empty");
    const much = "x".repeat(scratchpadChars);
    expect(await bench.call("scratchpad", { command: "append", text: much })).toMatchObject({
      isError: true,
    });
    expect((await bench.call("scratchpad", { command: "write", text: much })).text).toBe(
      `The scratchpad has ${scratchpadChars} of ${scratchpadChars} characters.`,
    );
  });
});

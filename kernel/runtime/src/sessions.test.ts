import { describe, expect, test } from "vitest";

import { systemClock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import { createMemoryJournal } from "./memory/memory-journal.ts";
import {
  collect,
  contextOf,
  memoryStore,
  openHarness,
  sessionId,
  turnModel,
} from "./runtime-harness.test.support.ts";
import type { SessionLog } from "./session-log.ts";
import { createSessions } from "./sessions.ts";

const { signal } = new AbortController();
const writer = { tenant: "acme", continues: false, append: async () => 0, appendLast: async () => 0 };

/** Counts the events that are read from streams of a kind. */
function counting(
  journal: Journal,
  prefix: string,
): { readonly journal: Journal; readonly reads: { count: number } } {
  const reads = { count: 0 };
  const read: Journal["read"] = async function* read(id, from, readSignal) {
    for await (const batch of journal.read(id, from, readSignal)) {
      if (id.stream.startsWith(prefix)) reads.count += batch.length;
      yield batch;
    }
  };
  return { journal: { ...journal, read }, reads };
}

describe("createSessions()", () => {
  test("keeps the sessions that were used last", async () => {
    const journal = createMemoryJournal();
    for (const id of ["a", "b", "c"]) {
      const body = JSON.stringify({ sessionId: id, tenant: "acme", principal: "ada", bootstrap: [] });
      await journal.append({ tenant: "acme", stream: `session/${id}` }, 0, [
        { type: "session_created", version: 1, at: 1, body },
      ]);
    }
    const sessions = createSessions(journal, systemClock, 2);
    const open = (id: string): Promise<SessionLog> => sessions.open(writer, id, signal);
    const [a, b] = [await open("a"), await open("b")];

    await open("a");
    await open("c");

    expect(await open("a")).toBe(a);
    expect(await open("b")).not.toBe(b);
  });

  test("reads no more of an inbox than what is new, however old it is", async () => {
    const { journal, reads } = counting(createMemoryJournal(), "inbox/");
    const inbox = createSessions(journal, systemClock, 2).inbox("acme", sessionId);
    const answer = (approvalId: string) =>
      ({ type: "answer", by: "ada", approvalId, answer: "allow" }) as const;
    for (let n = 0; n < 200; n++) await inbox.addAnswer(answer(`q${n}`), signal);
    await inbox.answerTo("q0", signal);
    await inbox.contextAfter(0, signal);
    reads.count = 0;

    await inbox.addAnswer(answer("new"), signal);
    const found = [await inbox.answerTo("new", signal), await inbox.answerTo("q7", signal)];
    await inbox.addContext("bob", [{ key: "news", content: "It rains." }]);
    const { entries, seq } = await inbox.contextAfter(0, signal);

    expect(found.map((one) => one?.approvalId)).toEqual(["new", "q7"]);
    expect([entries.length, seq]).toEqual([1, 202]);
    expect(await inbox.mayHaveNews(seq)).toBe(false);
    expect(reads.count).toBeLessThan(8);
  });

  test("looks at a session without reading the conversation before its checkpoint", async () => {
    const store = memoryStore();
    {
      const turns = Array.from({ length: 80 }, () => ({ text: "Hello" }));
      await using harness = await openHarness({ turns, store });
      for (let turn = 0; turn < 80; turn++) await harness.run("Hi");
    }
    const { journal, reads } = counting(store.journal, "session/");
    await using harness = await openHarness({ store: { ...store, journal } });
    reads.count = 0;

    const info = await harness.runtime.getSession(sessionId, contextOf());

    expect(info.turns).toBe(80);
    expect(reads.count).toBeLessThan(60);
  });

  test("opens a session whose window moved from what it showed then: it reads less, and shows the same", async () => {
    const store = memoryStore();
    const context = { maxTokens: 600 };
    {
      const turns = Array.from({ length: 145 }, () => ({ text: "Hello" }));
      await using harness = await openHarness({ turns, store, context });
      for (let turn = 0; turn < 145; turn++) await harness.run(`Prompt ${turn}`);
    }
    const [kept, whole] = [true, false].map((isKept) => async () => {
      const { journal, reads } = counting(store.journal, "session/");
      const loadCheckpoint: Journal["loadCheckpoint"] = async (id) =>
        isKept || !id.stream.startsWith("window/") ? await journal.loadCheckpoint(id) : undefined;
      const model = turnModel([{ text: "Hello" }]);
      await using harness = await openHarness({
        model,
        store: { ...store, journal: { ...journal, loadCheckpoint } },
        context,
      });
      await harness.run("On");
      return { read: reads.count, messages: model.requests[0]?.messages ?? [] };
    });

    const [less, more] = [await kept?.(), await whole?.()];

    expect(less?.messages.length).toBeGreaterThan(10);
    expect(more?.messages.slice(0, less?.messages.length)).toEqual(less?.messages);
    expect(less?.read).toBeLessThan(more?.read ?? 0);
  });

  test("hands context to the next run, when the one that took it got no answer", async () => {
    const model = turnModel([() => (asked++ === 0 ? Promise.reject(new Error("down")) : { text: "Hello" })]);
    let asked = 0;
    await using harness = await openHarness({ model });
    const { runtime, context } = harness;
    await runtime.createSession({ externalId: sessionId }, context);
    await runtime.injectContext({ sessionId, entries: [{ key: "news", content: "It rains." }] }, context);

    await harness.run("Hi");
    await harness.run("Hi again");

    expect(JSON.stringify(model.requests[1]?.messages)).toContain("It rains.");
  });

  test("hands context to a fork, though the session it came from had read more of its inbox", async () => {
    await using harness = await openHarness({ turns: [{ text: "One" }, { text: "Two" }] });
    const { runtime, context } = harness;
    const entries = [{ key: "news", content: "It rains." }];
    await runtime.createSession({ externalId: sessionId }, context);
    for (let n = 0; n < 3; n++) await runtime.injectContext({ sessionId, entries }, context);
    await harness.run("Hi", { runId: "r1" });
    const { version } = await runtime.getSession(sessionId, context);
    const fork = await runtime.forkSession({ sessionId, atSeq: version }, context);

    await runtime.injectContext({ sessionId: fork.sessionId, entries }, context);
    const prompt = { role: "user", parts: [{ type: "text", text: "On" }] } as const;
    const run = await runtime.startRun({ sessionId: fork.sessionId, prompt, runId: "r2" }, context);
    const attached = runtime.attach(
      { sessionId: fork.sessionId, fromSeq: run.fromSeq, untilRunEnds: "r2" },
      context,
    );

    expect(JSON.stringify(await collect(attached))).toContain("It rains.");
  });
});

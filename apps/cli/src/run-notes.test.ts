import { PassThrough } from "node:stream";

import { TauError } from "@tau/core";
import type { RunEvent } from "@tau/core";
import { expect, test } from "vitest";

import { childSession } from "./child-session.ts";
import { createRunNotes } from "./run-notes.ts";
import type { RunNotes } from "./run-notes.ts";

const full = new TauError("journal.unavailable", "The disk is full.");
const gone = new TauError("journal.unavailable", "The disk is gone.");
const [saidFull, saidGone] = [full, gone].map(
  ({ message }) => `  ${message} The run goes on by itself when that works again.`,
);

function watched(session?: string): { readonly made: RunNotes; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const view = { show: () => undefined, recall: () => undefined, pause: () => undefined };
  const terminal = { stdout: new PassThrough(), env: {} };
  const made = createRunNotes({ ...view, note: (text) => notes.push(text) }, terminal, session);
  return { made, notes };
}

function fail({ observer }: RunNotes, error: unknown, key = "s1", name = "engine.key_failed"): void {
  observer({ name, level: 17, tenant: "local", attributes: { key }, error });
}

const created: RunEvent = {
  kind: "event",
  seq: 1,
  at: 0,
  event: { type: "session_created", sessionId: "s1", tenant: "local", principal: "person", bootstrap: [] },
};

test("createRunNotes() says once why a run stands still, and again when it is something else", () => {
  const { made, notes } = watched("s1");
  for (const error of [full, full, gone, full, gone]) fail(made, error);
  fail(made, full, "s1", "engine.lease_failed");
  expect(notes).toEqual([saidFull, saidGone]);
});

test("createRunNotes() says the same again after something worked", () => {
  const { made, notes } = watched("s1");
  fail(made, full);
  made.view.show({ kind: "delta", runId: "r1", delta: { type: "text_delta", text: "Hi" } });
  fail(made, full);
  expect(notes).toEqual([saidFull]);
  made.view.show(created);
  fail(made, full);
  expect(notes).toEqual([saidFull, saidFull]);
});

test("createRunNotes() says nothing of a run that is another session's", () => {
  const { made, notes } = watched();
  made.view.show(created);
  fail(made, full, "s2");
  expect(notes).toEqual([]);
  // The run waits for those below it.
  fail(made, full, childSession({ call: { sessionId: "s1" }, idempotencyKey: "k" }));
  expect(notes).toEqual([saidFull]);
});

import { PassThrough } from "node:stream";

import { TauError } from "@tau/core";
import { expect, test } from "vitest";

import { createRunNotes } from "./run-notes.ts";

test("createRunNotes() says once why a run stands still, and again when it is something else", () => {
  const notes: string[] = [];
  const view = { show: () => undefined, recall: () => undefined, pause: () => undefined };
  const terminal = { stdout: new PassThrough(), env: {} };
  const { observer } = createRunNotes({ ...view, note: (text) => notes.push(text) }, terminal);
  const failed = (name: string, error: unknown): void =>
    observer({ name, level: 17, tenant: "local", attributes: {}, error });

  const full = new TauError("journal.unavailable", "The disk is full.");
  failed("engine.key_failed", full);
  failed("engine.key_failed", full);
  failed("engine.key_failed", new TauError("journal.unavailable", "The disk is gone."));
  failed("engine.lease_failed", full);
  expect(notes).toEqual([
    "  The disk is full. The run goes on by itself when that works again.",
    "  The disk is gone. The run goes on by itself when that works again.",
  ]);
});

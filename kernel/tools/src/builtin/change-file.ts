import { isTauError, TauError } from "@tau/core";

import { sha256 } from "../sha256.ts";
import { textOutput } from "../tool-output.ts";
import type { ToolContext, ToolOutput } from "../tool.ts";
import type { AppliedEdits } from "./apply-edits.ts";
import { areFresh } from "./are-fresh.ts";
import { diffOf } from "./file-diff.ts";
import type { FileDiff } from "./file-diff.ts";
import { asText, shortHash } from "./open-file.ts";
import type { OpenFile } from "./open-file.ts";
import { formatTextFile, lineFingerprints, toLf } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";

/** Changes a text, or throws one of the `edit.…` errors. */
export type TextChange = (name: string, before: TextFile) => AppliedEdits;

/** A change of a file that fits and is not written yet. */
export interface PlannedChange {
  readonly file: OpenFile;
  readonly before: TextFile;
  readonly after: Uint8Array;
  readonly applied: AppliedEdits;
  /** SHA-256 of `after`. */
  readonly hash: string;
  /** Whether the file had changed since the model saw it, elsewhere. */
  readonly rebased: boolean;
}

/**
 * Works out a change of a file that the model has read; every way to edit a file goes through here.
 *
 * @throws TauError `file.unread`, `file.stale`, `file.not_text`, and what `change` throws
 */
export function planChange(file: OpenFile, change: TextChange, context: ToolContext): PlannedChange {
  const seen = context.files.seen(file.real);
  if (seen === undefined) {
    throw new TauError("file.unread", `You have not read ${file.shown}. Read it first, then edit.`);
  }
  const before = asText(file);
  const rebased = seen !== file.sha256;
  const applied = rebased ? rebase(file, before, change, context) : change(file.shown, before);
  const after = formatTextFile({ text: applied.text, hasBom: before.hasBom });
  return { file, before, after, applied, hash: sha256(after), rebased };
}

/** Writes a planned change. */
export async function writeChange(planned: PlannedChange, context: ToolContext): Promise<void> {
  const { file, after, applied, hash, rebased } = planned;
  await context.environment.writeFile(file.real, after, {}, context.signal);
  // After a rebase the model still has not seen what others changed: `write` must go on refusing.
  const known = rebased ? (context.files.seen(file.real) ?? hash) : hash;
  context.files.record(file.real, known, lineFingerprints(applied.text));
}

/** What a written change did, for the model and for screens. */
export async function describeChange(
  planned: PlannedChange,
): Promise<{ readonly text: string; readonly diff: FileDiff }> {
  const { file, before, applied, hash, rebased } = planned;
  const diff = await diffOf(file.shown, before.text, applied.text);
  const count = applied.places.length === 1 ? "1 place" : `${applied.places.length} places`;
  const notes = [
    ...(rebased
      ? [
          "The file had changed since you last saw it, but not near your edits; read it again before you rely on the rest.",
        ]
      : []),
    ...applied.notes,
  ];
  const summary = `Edited ${file.shown} in ${count} (+${diff.added} -${diff.removed} lines, sha256 ${shortHash(hash)}).`;
  return { text: [summary, ...notes].join("\n"), diff };
}

/** Plans, writes and reports a change of one file. */
export async function changeFile(
  file: OpenFile,
  change: TextChange,
  context: ToolContext,
): Promise<ToolOutput> {
  const planned = planChange(file, change, context);
  await writeChange(planned, context);
  const { text, diff } = await describeChange(planned);
  return textOutput(text, { details: { path: file.real, sha256: planned.hash, ...diff.details } });
}

/** Changes a file that has changed since, if it did not change where it is to be changed. */
function rebase(file: OpenFile, before: TextFile, change: TextChange, context: ToolContext): AppliedEdits {
  const stale = (): TauError =>
    new TauError(
      "file.stale",
      `${file.shown} has changed since you last saw it, near your edit or so that it no longer fits. Read it again, then edit.`,
    );
  try {
    const applied = change(file.shown, before);
    const seen = context.files.seenLines(file.real);
    const now = lineFingerprints(before.text);
    if (seen === undefined || !areFresh(toLf(before.text), applied.places, { seen, now })) throw stale();
    return applied;
  } catch (error) {
    if (isTauError(error) && (error.code === "edit.no_match" || error.code === "edit.ambiguous"))
      throw stale();
    throw error;
  }
}

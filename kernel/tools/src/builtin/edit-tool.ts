import { isTauError, TauError } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import { sha256 } from "../sha256.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { applyEdits } from "./apply-edits.ts";
import type { AppliedEdits, TextEdit } from "./apply-edits.ts";
import { areFresh } from "./are-fresh.ts";
import { diffOf } from "./file-diff.ts";
import { asText, openFile, placeOf, shortHash } from "./open-file.ts";
import type { OpenFile } from "./open-file.ts";
import { formatTextFile, lineFingerprints, toLf } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";
import { workspacePath } from "./workspace-path.ts";

interface EditInput {
  readonly path: string;
  readonly edits: readonly TextEdit[];
}

/** Makes the tool that replaces texts in a file. */
export function createEditTool(): Tool {
  return defineTool<EditInput>({
    name: "edit",
    description:
      'Replaces texts in a file that you have read. Each "old" must be in the file exactly once, unless "replaceAll" is set: copy it exactly, with enough lines around it. All edits are matched against the file as it is now, and either all are applied or none.',
    input: {
      type: "object",
      properties: {
        path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace." },
        edits: {
          type: "array",
          minItems: 1,
          items: {
            type: "object",
            properties: {
              old: { type: "string", description: "The text to replace." },
              new: { type: "string", description: "What takes its place; empty to delete." },
              replaceAll: { type: "boolean", description: "Replace every occurrence. Default false." },
            },
            required: ["old", "new"],
            additionalProperties: false,
          },
        },
      },
      required: ["path", "edits"],
      additionalProperties: false,
    },
    // Running it twice is refused by the text that is no longer there, but it does not end the same.
    sideEffect: "compensable",
    timeoutMs: 30_000,
    access: ({ path }, workspace) => [{ kind: "write", path: workspacePath(workspace, path) }],
    execute: async ({ path, edits }, context) => {
      const file = await openFile(await placeOf(path, context), context);
      return await edit(file, edits, context);
    },
  });
}

async function edit(file: OpenFile, edits: readonly TextEdit[], context: ToolContext): Promise<ToolOutput> {
  const seen = context.files.seen(file.real);
  if (seen === undefined) {
    throw new TauError("file.unread", `You have not read ${file.shown}. Read it first, then edit.`);
  }
  const before = asText(file);
  const applied =
    seen === file.sha256 ? applyEdits(file.shown, before, edits) : rebase(file, before, edits, context);
  const after = formatTextFile({ text: applied.text, hasBom: before.hasBom });
  const hash = sha256(after);
  await context.environment.writeFile(file.real, after, {}, context.signal);
  // After a rebase the model still has not seen what others changed: `write` must go on refusing.
  const known = seen === file.sha256 ? hash : seen;
  context.files.record(file.real, known, lineFingerprints(applied.text));
  return await report(file, before, { ...applied, hash, rebased: seen !== file.sha256 });
}

/** Applies edits to a file that has changed since, if it did not change where they are. */
function rebase(
  file: OpenFile,
  before: TextFile,
  edits: readonly TextEdit[],
  context: ToolContext,
): AppliedEdits {
  const stale = (): TauError =>
    new TauError(
      "file.stale",
      `${file.shown} has changed since you last saw it, near your edit or so that it no longer fits. Read it again, then edit.`,
    );
  try {
    const applied = applyEdits(file.shown, before, edits);
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

async function report(
  file: OpenFile,
  before: TextFile,
  done: AppliedEdits & { readonly hash: string; readonly rebased: boolean },
): Promise<ToolOutput> {
  const diff = await diffOf(file.shown, before.text, done.text);
  const count = done.places.length === 1 ? "1 place" : `${done.places.length} places`;
  const notes = [
    ...(done.rebased
      ? [
          "The file had changed since you last saw it, but not near your edits; read it again before you rely on the rest.",
        ]
      : []),
    ...done.notes,
  ];
  const summary = `Edited ${file.shown} in ${count} (+${diff.added} -${diff.removed} lines, sha256 ${shortHash(done.hash)}).`;
  return textOutput([summary, ...notes].join("\n"), {
    details: { path: file.real, sha256: done.hash, ...diff.details },
  });
}

import { TauError } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import { sha256 } from "../sha256.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { diffOf } from "./file-diff.ts";
import { asText, openFileIfAny, placeOf, recordSeen, shortHash } from "./open-file.ts";
import type { OpenFile, Place } from "./open-file.ts";
import { formatTextFile, linesOf, toEol } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";
import { workspacePath } from "./workspace-path.ts";

interface WriteInput {
  readonly path: string;
  readonly content: string;
  readonly append?: boolean;
}

/** Makes the tool that writes whole files. */
export function createWriteTool(): Tool {
  return defineTool<WriteInput>({
    name: "write",
    description:
      "Writes a whole file, making missing folders. To overwrite an existing file you must have read its current content in this session. To change a part of a file, use edit.",
    input: {
      type: "object",
      properties: {
        path: { type: "string", minLength: 1, description: "Absolute, or relative to the workspace." },
        content: { type: "string", description: "The whole content of the file." },
        append: { type: "boolean", description: "Adds the content at the end of the file instead." },
      },
      required: ["path", "content"],
      additionalProperties: false,
    },
    sideEffect: "idempotent",
    timeoutMs: 30_000,
    access: ({ path }, workspace) => [{ kind: "write", path: workspacePath(workspace, path) }],
    execute: async ({ path, content, append = false }, context) => {
      const place = await placeOf(path, context);
      const existing = await openFileIfAny(place, context);
      if (existing === undefined) return await create(place, content, context);
      const before = asText(existing);
      const after = append ? appended(existing, before, { content, context }) : inStyleOf(before, content);
      return await overwrite(existing, { before, after }, context);
    },
  });
}

async function create(place: Place, content: string, context: ToolContext): Promise<ToolOutput> {
  const data = Buffer.from(content);
  // Exclusive: a file that appeared in between is somebody else's work.
  await context.environment.writeFile(place.real, data, { exclusive: true }, context.signal);
  const hash = sha256(data);
  recordSeen(context, { real: place.real, sha256: hash }, content);
  const diff = await diffOf(place.shown, "", content);
  return textOutput(`Created ${place.shown} (${linesOf(content).length} lines, sha256 ${shortHash(hash)}).`, {
    details: { path: place.real, sha256: hash, created: true, ...diff.details },
  });
}

interface Change {
  readonly before: TextFile;
  readonly after: Pick<TextFile, "text" | "hasBom">;
}

async function overwrite(
  existing: OpenFile,
  { before, after }: Change,
  context: ToolContext,
): Promise<ToolOutput> {
  const data = formatTextFile(after);
  const hash = sha256(data);
  if (hash === existing.sha256) {
    // Also the end of a write that is run again after a crash.
    recordSeen(context, existing, after.text);
    return textOutput(`${existing.shown} has that content already; nothing was written.`, {
      details: { path: existing.real, sha256: hash },
    });
  }
  assertSeen(existing, context);
  await context.environment.writeFile(existing.real, data, {}, context.signal);
  recordSeen(context, { real: existing.real, sha256: hash }, after.text);
  const diff = await diffOf(existing.shown, before.text, after.text);
  return textOutput(
    `Wrote ${existing.shown} (+${diff.added} -${diff.removed} lines, sha256 ${shortHash(hash)}).${keptNote(before)}`,
    { details: { path: existing.real, sha256: hash, ...diff.details } },
  );
}

/**
 * Gives new content the line ends and the byte order mark of the file it replaces: `read` does not show
 * them, so a model that leaves them out does not mean to change them.
 */
function inStyleOf(before: TextFile, content: string): Pick<TextFile, "text" | "hasBom"> {
  const text = content.startsWith("\ufeff") ? content.slice(1) : content;
  return { text: before.eol === "\r\n" ? toEol(text, "\r\n") : text, hasBom: before.hasBom };
}

/** The file with more at its end; as it is when that was added before the crash after which the call is run again. */
function appended(
  { real, sha256: now }: OpenFile,
  { text, hasBom, eol }: TextFile,
  { content, context }: { readonly content: string; readonly context: ToolContext },
): Pick<TextFile, "text" | "hasBom"> {
  const added = eol === "\r\n" ? toEol(content, "\r\n") : content;
  const seen = context.files.seen(real);
  const without = { text: text.slice(0, text.length - added.length), hasBom };
  const isThere = seen !== now && text.endsWith(added) && sha256(formatTextFile(without)) === seen;
  return { text: isThere ? text : text + added, hasBom };
}

function keptNote(before: TextFile): string {
  const kept = [
    ...(before.eol === "\r\n" ? ["its CRLF line ends"] : []),
    ...(before.hasBom ? ["its byte order mark"] : []),
  ];
  return kept.length === 0 ? "" : ` The file keeps ${kept.join(" and ")}.`;
}

function assertSeen(file: OpenFile, context: ToolContext): void {
  const seen = context.files.seen(file.real);
  if (seen === file.sha256) return;
  if (seen === undefined) {
    throw new TauError(
      "file.unread",
      `${file.shown} exists and you have not read it. Read it first, so that nothing in it is lost by mistake.`,
    );
  }
  throw new TauError(
    "file.stale",
    `${file.shown} has changed since you last saw it (sha256 ${shortHash(seen)} then, ${shortHash(file.sha256)} now). Read it again, then write.`,
  );
}

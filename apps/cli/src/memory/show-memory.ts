import type { Note } from "@tau/memory";

import { exitCodes } from "../exit-codes.ts";
import { clip, plain, plainJson } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { writeLine } from "../terminal.ts";
import { noteLine, versionLine, when } from "./memory-lines.ts";
import type { MemoryRequest } from "./memory-request.ts";
import { targetPath } from "./memory-target.ts";

/** Lists notes and files. */
export async function list(request: MemoryRequest): Promise<number> {
  const { memory, terminal, json, all, asOf, signal } = request;
  const { filesPrefix } = await import("@tau/memory");
  const listing = await memory.notes.list(signal);
  const held = await memory.notes.current(signal, asOf === undefined ? {} : { validAt: asOf, knownAt: asOf });
  const notes: readonly Note[] = all ? listing.notes : held;
  // Files have versions and no times in which they hold.
  const files = asOf === undefined ? await memory.store.list(filesPrefix, signal) : [];
  if (json) {
    for (const note of notes) writeLine(terminal, plainJson(note));
    for (const file of files) writeLine(terminal, plainJson(file));
    return exitCodes.ok;
  }
  const style = createStyle(terminal);
  for (const note of notes) writeLine(terminal, noteLine(note, style));
  for (const { path, bytes, modifiedAt } of files)
    writeLine(
      terminal,
      `/memories/${clip(path.slice(filesPrefix.length), 200)}  ${bytes} bytes  ${when(modifiedAt)}`,
    );
  for (const { reason } of listing.unreadable) writeLine(terminal, style("yellow", clip(reason, 300)));
  if (notes.length + files.length === 0) writeLine(terminal, "Nothing is remembered here.");
  const waiting = (await memory.inbox.list(signal)).length;
  if (waiting > 0) writeLine(terminal, `\nWaiting for you: ${waiting}. To look at them: tau memory inbox`);
  return exitCodes.ok;
}

/** Shows a note or a file as it is. */
export async function show({ memory, terminal, json, signal }: MemoryRequest, word: string): Promise<number> {
  const file = await memory.store.load(await targetPath(memory, word, signal), signal);
  writeLine(terminal, json ? plainJson(file) : plain(file.text).trimEnd());
  return exitCodes.ok;
}

/** Finds notes and files by their words. */
export async function search(
  { memory, terminal, json, signal }: MemoryRequest,
  words: string,
): Promise<number> {
  const hits = await memory.search.search(words, 20, signal);
  for (const hit of hits)
    writeLine(terminal, json ? plainJson(hit) : `${clip(named(hit.path), 120)}: ${clip(hit.snippet, 300)}`);
  if (hits.length === 0 && !json) writeLine(terminal, "Nothing that is remembered here has these words.");
  return exitCodes.ok;
}

/** What a person calls a path: an id, or a name below /memories. */
function named(path: string): string {
  return path.replace(/^memory\/files\//u, "/memories/").replace(/^memory\/notes\/(.*)\.md$/u, "$1");
}

/** Shows the versions of a note or file. */
export async function history(
  { memory, terminal, json, signal }: MemoryRequest,
  word: string,
): Promise<number> {
  const path = await targetPath(memory, word, signal);
  const versions = await memory.history.versions(path, signal);
  for (const version of versions) writeLine(terminal, json ? plainJson(version) : versionLine(version));
  if (versions.length === 0 && !json)
    writeLine(terminal, "No version was recorded: it was never written by Tau.");
  return exitCodes.ok;
}

/** Shows what changed: by the last version, by one, or between two. */
export async function diff(
  { memory, terminal, signal }: MemoryRequest,
  word: string,
  [from, to]: readonly number[],
): Promise<number> {
  const { diffMemory } = await import("@tau/memory");
  const path = await targetPath(memory, word, signal);
  const versions = (await memory.history.versions(path, signal)).filter(({ etag }) => etag !== undefined);
  const last = to ?? (from === undefined ? undefined : from) ?? versions.at(-1)?.number;
  const first = to === undefined ? versions.findLast(({ number }) => number < (last ?? 0))?.number : from;
  const textOf = async (number: number | undefined): Promise<string> =>
    number === undefined ? "" : await memory.history.text(path, number, signal);
  const changes = diffMemory(path, await textOf(first), await textOf(last));
  writeLine(terminal, changes === "" ? "Nothing differs." : plain(changes).trimEnd());
  return exitCodes.ok;
}

/** Shows who brought each line. */
export async function blame(
  { memory, terminal, json, signal }: MemoryRequest,
  word: string,
): Promise<number> {
  const { blameMemory } = await import("@tau/memory");
  const path = await targetPath(memory, word, signal);
  const versions = await memory.history.versions(path, signal);
  const texts: { version: number; text: string }[] = [];
  for (const { number, etag } of versions)
    if (etag !== undefined)
      texts.push({ version: number, text: await memory.history.text(path, number, signal) });
  const byNumber = new Map(versions.map((version) => [version.number, version]));
  for (const { line, version } of blameMemory(texts)) {
    const { by = "unknown", at = 0 } = byNumber.get(version) ?? {};
    writeLine(
      terminal,
      json
        ? plainJson({ line, version, by, at })
        : `${String(version).padStart(4)} ${clip(by, 24).padEnd(24)} ${plain(line)}`,
    );
  }
  return exitCodes.ok;
}

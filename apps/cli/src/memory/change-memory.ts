import { confirmed } from "../confirm.ts";
import { exitCodes } from "../exit-codes.ts";
import { localContext } from "../local-context.ts";
import { clip, plain } from "../plain-text.ts";
import { writeLine } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import type { MemoryRequest } from "./memory-request.ts";
import { targetPath } from "./memory-target.ts";

/** Makes an older version the file's again. */
export async function revert(request: MemoryRequest, word: string, number: number): Promise<number> {
  const { memory, terminal, signal } = request;
  const path = await targetPath(memory, word, signal);
  await memory.history.revert(path, number, { by: by(request), reason: `back to version ${number}` }, signal);
  writeLine(terminal, `${clip(path, 200)} is as version ${number} again.`);
  return exitCodes.ok;
}

/** Retracts a note or what stands on a source, deletes a file, or erases either with all its versions. */
export async function forget(request: MemoryRequest, word: string | undefined): Promise<number> {
  const { memory, terminal, source, erase, signal } = request;
  const { notesPrefix } = await import("@tau/memory");
  const reason = request.reason ?? "Somebody said that it is to be forgotten.";
  const author = { by: by(request), reason };
  if ((word === undefined) === (source === undefined))
    throw usageError("Name one note or file, or a --source.");
  if (word === undefined) {
    const ids = await memory.notes.retractSource({ origin: source ?? "" }, reason, author, signal);
    writeLine(
      terminal,
      ids.length === 0 ? "Nothing stands on it." : `Retracted: ${clip(ids.join(", "), 2_000)}.`,
    );
    return exitCodes.ok;
  }
  const path = await targetPath(memory, word, signal);
  if (erase) {
    if (!(await confirmed(request, plain(`Remove ${path} and all its versions for good?`))))
      return exitCodes.denied;
    await memory.history.erase(path, signal);
    writeLine(terminal, `Erased ${clip(path, 200)}.`);
    return exitCodes.ok;
  }
  if (path.startsWith(notesPrefix)) {
    const id = path.slice(notesPrefix.length).replace(/\.md$/u, "");
    const ids = await memory.notes.retract(id, reason, author, signal);
    writeLine(
      terminal,
      `Retracted: ${clip(ids.join(", "), 2_000)}. Its file stays, and says so; --erase removes it.`,
    );
    return exitCodes.ok;
  }
  await memory.history.as(author).delete(path, {}, signal);
  writeLine(terminal, `Deleted ${clip(path, 200)}. Its versions stay; --erase removes them.`);
  return exitCodes.ok;
}

function by({ terminal }: MemoryRequest): string {
  return localContext(terminal).principal.id;
}

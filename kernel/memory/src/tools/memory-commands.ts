import { isTauError } from "@tau/core";

import { readLog } from "../history/history-log.ts";
import { memoryExists } from "../store/memory-errors.ts";
import type { MemoryEntry } from "../store/memory-store.ts";
import { insertText, linesOf, numbered, replaceText } from "./edit-text.ts";
import { notUnder } from "./memory-context.ts";
import type { MemoryCall } from "./memory-context.ts";
import { MemoryToolError, memoriesRoot, nameOf, placeOf } from "./memory-paths.ts";
import type { MemoryPlace } from "./memory-paths.ts";

/** What a model asks of its memory; `memory_20250818`. */
export type MemoryCommand =
  | { readonly command: "view"; readonly path: string; readonly view_range?: readonly number[] }
  | { readonly command: "create"; readonly path: string; readonly file_text: string }
  | {
      readonly command: "str_replace";
      readonly path: string;
      readonly old_str: string;
      readonly new_str?: string;
    }
  | {
      readonly command: "insert";
      readonly path: string;
      readonly insert_line: number;
      readonly insert_text: string;
    }
  | { readonly command: "delete"; readonly path: string }
  | { readonly command: "rename"; readonly old_path: string; readonly new_path: string };

const maxLines = 999_999;
const missing = (name: string): MemoryToolError =>
  new MemoryToolError(`Error: The path ${name} does not exist. Please provide a valid path.`);

/** Does what a model asks, and answers in the words of the protocol. @throws MemoryToolError, TauError */
export async function runMemoryCommand(input: MemoryCommand, call: MemoryCall): Promise<string> {
  switch (input.command) {
    case "view":
      return await view(input, call);
    case "create":
      return await create(input, call);
    case "str_replace":
      return await strReplace(input, call);
    case "insert":
      return await insert(input, call);
    case "delete":
      return await remove(placeOf(input.path), call);
    default:
      return await rename(placeOf(input.old_path), placeOf(input.new_path), call);
  }
}

async function view(
  { path: asked, view_range: range }: Extract<MemoryCommand, { readonly command: "view" }>,
  { memory, signal }: MemoryCall,
): Promise<string> {
  const { name, path, isRoot } = placeOf(asked);
  const below = await memory.store.list(`${path}/`, signal);
  if (isRoot || below.length > 0) return listing(name, path, below);
  const text = await textOf(
    path,
    () => new MemoryToolError(`The path ${name} does not exist. Please provide a valid path.`),
    {
      memory,
      signal,
    },
  );
  const lines = linesOf(text);
  if (lines.length > maxLines)
    throw new MemoryToolError(`File ${name} exceeds maximum line limit of 999,999 lines.`);
  const [first = 1, last = -1] = range ?? [];
  const start = Math.max(1, first);
  const shown = lines.slice(start - 1, last === -1 ? lines.length : last);
  return `Here's the content of ${name} with line numbers:\n${numbered(shown, start)}`;
}

function listing(name: string, path: string, entries: readonly MemoryEntry[]): string {
  const sizes = new Map<string, number>();
  for (const entry of entries) {
    const names = entry.path.slice(path.length + 1).split("/");
    if (names.includes("node_modules")) continue;
    // Two levels, each folder with the size of all that is in it.
    for (let depth = 1; depth <= Math.min(2, names.length); depth++) {
      const shown = `${names.slice(0, depth).join("/")}${depth < names.length ? "/" : ""}`;
      sizes.set(shown, (sizes.get(shown) ?? 0) + entry.bytes);
    }
  }
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = [...sizes].map(([shown, bytes]) => `${sizeOf(bytes)}\t${name}/${shown}`);
  const head = `Here're the files and directories up to 2 levels deep in ${name}, excluding hidden items and node_modules:`;
  return [head, `${sizeOf(total)}\t${name}`, ...rows].join("\n");
}

/** `0B`, `512B`, `5.5K`, `1.2M`. */
function sizeOf(bytes: number): string {
  const units = ["B", "K", "M", "G"];
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${Number.isInteger(size) ? size : size.toFixed(1)}${units[unit] ?? "G"}`;
}

async function create(
  { path: asked, file_text: text }: Extract<MemoryCommand, { readonly command: "create" }>,
  call: MemoryCall,
): Promise<string> {
  const { name, path } = placeOf(asked);
  const done = `File created successfully at: ${name}`;
  if (await wasDone(path, call)) return done;
  const { memory, signal } = call;
  const taken = new MemoryToolError(`Error: File ${name} already exists`);
  if ((await memory.store.list(`${path}/`, signal)).length > 0) throw taken;
  try {
    return await write({ path, text, replaces: null, done }, call);
  } catch (error) {
    if (isTauError(error) && error.code === "memory.exists") throw taken;
    throw error;
  }
}

async function strReplace(
  {
    path: asked,
    old_str: oldText,
    new_str: newText = "",
  }: Extract<MemoryCommand, { readonly command: "str_replace" }>,
  call: MemoryCall,
): Promise<string> {
  const { name, path } = placeOf(asked);
  const said = "The memory file has been edited.";
  if (await wasDone(path, call)) return said;
  const { text, etag } = await loadFile(path, () => missing(name), call);
  const replaced = replaceText(text, { name, oldText, newText });
  const done = `${said} Here is the snippet showing the change (with line numbers):\n${replaced.snippet}`;
  return await write({ path, text: replaced.text, replaces: etag, done }, call);
}

async function insert(
  {
    path: asked,
    insert_line: line,
    insert_text: added,
  }: Extract<MemoryCommand, { readonly command: "insert" }>,
  call: MemoryCall,
): Promise<string> {
  const { name, path } = placeOf(asked);
  const done = `The file ${name} has been edited.`;
  if (await wasDone(path, call)) return done;
  const gone = (): MemoryToolError => new MemoryToolError(`Error: The path ${name} does not exist`);
  const { text, etag } = await loadFile(path, gone, call);
  return await write({ path, text: insertText(text, line, added), replaces: etag, done }, call);
}

async function remove({ name, path, isRoot }: MemoryPlace, call: MemoryCall): Promise<string> {
  if (isRoot) throw new MemoryToolError(`Error: Cannot delete the ${memoriesRoot} directory itself`);
  const done = `Successfully deleted ${name}`;
  if (await wasDone(path, call)) return done;
  const paths = await filesOf(path, call);
  if (paths.length === 0) throw new MemoryToolError(`Error: The path ${name} does not exist`);
  if (call.mustWait) throw notUnder(call.label, "Deleting from the memory");
  const into = call.memory.history.as(call.author);
  for (const one of paths) await into.delete(one, {}, call.signal);
  return done;
}

async function rename(from: MemoryPlace, to: MemoryPlace, call: MemoryCall): Promise<string> {
  if (from.isRoot || to.isRoot)
    throw new MemoryToolError(`Error: Cannot rename the ${memoriesRoot} directory itself`);
  const done = `Successfully renamed ${from.name} to ${to.name}`;
  if (await wasDone(from.path, call)) return done;
  const paths = await filesOf(from.path, call);
  if (paths.length === 0) throw new MemoryToolError(`Error: The path ${from.name} does not exist`);
  const taken = new MemoryToolError(`Error: The destination ${to.name} already exists`);
  // A folder cannot become a part of itself.
  if ((await filesOf(to.path, call)).length > 0 || `${to.path}/`.startsWith(`${from.path}/`)) throw taken;
  if (call.mustWait) throw notUnder(call.label, "Renaming in the memory");
  const into = call.memory.history.as(call.author);
  try {
    for (const path of paths)
      await into.rename(path, `${to.path}${path.slice(from.path.length)}`, call.signal);
  } catch (error) {
    if (isTauError(error) && error.code === "memory.exists") throw taken;
    throw error;
  }
  return done;
}

/** The file of a path, or those below it. */
async function filesOf(path: string, { memory, signal }: MemoryCall): Promise<readonly string[]> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const entries = await memory.store.list(folder, signal);
  return entries.map((entry) => entry.path).filter((one) => one === path || one.startsWith(`${path}/`));
}

interface Write {
  readonly path: string;
  readonly text: string;
  readonly replaces: string | null;
  readonly done: string;
}

/** Writes, or proposes to. */
async function write({ path, text, replaces, done }: Write, call: MemoryCall): Promise<string> {
  const { memory, author, label, mustWait, signal } = call;
  if (!mustWait) {
    await memory.history.as(author).save(path, text, { ifMatch: replaces }, signal);
    return done;
  }
  const found = await memory.store.list(path.slice(0, path.lastIndexOf("/") + 1), signal);
  if (replaces === null && found.some((entry) => entry.path === path)) throw memoryExists(path);
  const { by } = author;
  const summary = `${replaces === null ? "New file" : "Change of"} ${nameOf(path)}`;
  const { id } = await memory.inbox.propose({ path, text, replaces, summary, by, label }, signal);
  return `Not written yet: this session was shown what nobody vouches for, so a person decides on it first (proposal ${id}). Until then ${nameOf(path)} is as it was.`;
}

/** Whether this very effect was made before, by a process that died before it could say so. */
async function wasDone(path: string, { memory, author, signal }: MemoryCall): Promise<boolean> {
  const { versions } = await readLog(memory.store, path, signal);
  return author.key !== undefined && versions.some(({ key }) => key === author.key);
}

async function loadFile(
  path: string,
  gone: () => MemoryToolError,
  { memory, signal }: Pick<MemoryCall, "memory" | "signal">,
): Promise<{ readonly text: string; readonly etag: string }> {
  try {
    return await memory.store.load(path, signal);
  } catch (error) {
    // The root itself is no path of a file.
    if (isTauError(error) && (error.code === "memory.not_found" || error.code === "memory.invalid_path"))
      throw gone();
    throw error;
  }
}

async function textOf(
  path: string,
  gone: () => MemoryToolError,
  from: Pick<MemoryCall, "memory" | "signal">,
): Promise<string> {
  return (await loadFile(path, gone, from)).text;
}

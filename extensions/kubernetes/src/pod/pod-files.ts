import { randomUUID } from "node:crypto";
import { isAbsolute, normalize } from "node:path/posix";

import { TauError } from "@tau/core";
import type { FileStat, GuardedFiles, PathPolicy, WriteFileOptions } from "@tau/tools";
import { assertReadable, assertWritable } from "@tau/tools";

import { failed, missing } from "./pod-errors.ts";
import { readScript, resolveScript, statScript, writeScript } from "./pod-scripts.ts";
import type { PodShell } from "./pod-shell.ts";

/** What a script answered: a word, the real path, and the rest. */
interface Answer {
  readonly word: string;
  readonly real: string;
  readonly rest: Buffer;
}

/** Makes file operations in the pod that obey `policy`: paths are resolved there, and decided on here. */
export function createPodFiles(shell: PodShell, policy: PathPolicy): GuardedFiles {
  return {
    async readFile(path, signal) {
      const { word, real, rest } = await asked(shell, readScript, toNormal("Reading", path), signal);
      assertReadable(policy, real, path);
      if (word !== "ok") throw refusal(word, "Reading", path);
      return rest;
    },
    async stat(path, signal) {
      const { word, real, rest } = await asked(shell, statScript, toNormal("Looking at", path), signal);
      assertReadable(policy, real, path);
      if (word !== "ok") throw refusal(word, "Looking at", path);
      return toFileStat(rest.toString(), path);
    },
    async realPath(path, signal) {
      const { word, real } = await asked(shell, resolveScript, toNormal("Resolving", path), signal);
      if (word !== "ok") throw refusal(word, "Resolving", path);
      return real;
    },
    writeFile: async (path, data, options, signal) =>
      await write(shell, policy, { path, data, options, signal }),
  };
}

interface Write {
  readonly path: string;
  readonly data: Uint8Array;
  readonly options: WriteFileOptions;
  readonly signal: AbortSignal;
}

/** One exchange: the script names the real path, and waits for the decision on it. */
async function write(
  shell: PodShell,
  policy: PathPolicy,
  { path, data, options, signal }: Write,
): Promise<void> {
  signal.throwIfAborted();
  const args = [
    toNormal("Writing", path),
    (options.mode ?? 0o644).toString(8),
    String(data.length),
    options.exclusive === true ? "yes" : "no",
    `.tau-${randomUUID()}.tmp`,
  ];
  const reply = (stdout: Buffer): Uint8Array | undefined => {
    const resolved = parseAnswer(stdout);
    if (resolved === undefined) return undefined;
    if (resolved.word !== "ok") throw refusal(resolved.word, "Writing", path);
    assertWritable(policy, resolved.real, path);
    return Buffer.concat([Buffer.from("go\n"), data]);
  };
  const { stdout } = await shell(writeScript, { args, reply }, signal);
  const { rest } = parseAnswer(stdout) ?? broken;
  const { word } = parseAnswer(rest) ?? broken;
  if (word !== "ok") throw refusal(word, "Writing", path);
}

async function asked(shell: PodShell, script: string, path: string, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const { stdout } = await shell(script, { args: [path] }, signal);
  return parseAnswer(stdout) ?? broken;
}

const broken: Answer = { word: "broken", real: "/", rest: Buffer.alloc(0) };

/** Undefined until all of it is there. */
function parseAnswer(stdout: Buffer): Answer | undefined {
  const first = stdout.indexOf(0);
  const second = first < 0 ? -1 : stdout.indexOf(0, first + 1);
  if (second < 0) return undefined;
  return {
    word: stdout.toString("utf8", 0, first),
    real: stdout.toString("utf8", first + 1, second),
    rest: stdout.subarray(second + 1),
  };
}

function toNormal(operation: string, path: string): string {
  if (!isAbsolute(path))
    throw failed(`${operation} ${path}`, "the path is not absolute. Give an absolute path.");
  if (path.includes("\0")) throw failed(operation, "the path contains a NUL character.");
  return normalize(path);
}

const explanations: Readonly<Record<string, string>> = {
  isfolder: "it is a folder.",
  nofile: "it is not a regular file.",
  nofolder: "a part of the path is not a folder.",
  forbidden: "the pod's user lacks the permission.",
  unwritable: "the pod's user lacks the permission, or the disk is full.",
  loop: "too many symbolic links.",
  moved: "the path changed while it was opened. Try again.",
  cut: "the connection ended before all of it had arrived. Try again.",
  broken: "the pod's shell gave no answer. The image needs sh, stat, readlink, mv and ln.",
};

function refusal(word: string, operation: string, path: string): TauError {
  if (word === "missing") return missing(operation, path);
  if (word === "exists") {
    return new TauError("environment.exists", `${operation} failed: ${path} exists already.`);
  }
  return failed(`${operation} ${path}`, explanations[word] ?? "the pod's shell gave no answer.");
}

const [typeMask, fileType, folderType] = [0o170000, 0o100000, 0o040000];

/** Reads `mode size`, the mode in hexadecimal digits. */
function toFileStat(text: string, path: string): FileStat {
  const [digits = "", bytes = ""] = text.split(" ");
  const mode = Number.parseInt(digits, 16);
  const size = Number(bytes);
  if (Number.isNaN(mode) || Number.isNaN(size)) throw refusal("broken", "Looking at", path);
  const type = mode & typeMask;
  return {
    kind: type === fileType ? "file" : type === folderType ? "directory" : "other",
    size,
    mode: mode & 0o7777,
  };
}

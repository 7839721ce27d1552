import { TauError } from "@tau/core";

/** What a path may begin with: facts and files of agents, skills, agents' definitions, and what each of them was before. */
export const memoryNamespaces = ["memory", "skills", "agents", "history"] as const;

const maxLength = 400;
const maxDepth = 8;
const maxNameBytes = 200;

/** Characters that nobody sees, that end lines, or that some file system takes for something else. */
const unusable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\\:*?"<>|]/u;
/** Names that are devices on Windows, whatever follows the first dot. */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/iu;
/** The short names that Windows makes up lead to files under other names. */
const shortName = /~\d/u;

/**
 * Takes a path apart into its names, the first of which is one of {@link memoryNamespaces}.
 *
 * Decides by the text alone, so that a path is the same on every system and in every store: what one file system folds,
 * hides or reserves is refused everywhere.
 *
 * @throws TauError `memory.invalid_path`
 */
export function memoryPathNames(path: string): readonly string[] {
  const names = path.split("/");
  const reason = names.length < 2 ? "it names no file" : reasonAgainst(path, names);
  if (reason === undefined) return names;
  throw invalidPath(path, reason);
}

/**
 * Checks a prefix for a listing: empty, or a path with a `/` at its end.
 *
 * @throws TauError `memory.invalid_path`
 */
export function assertMemoryPrefix(prefix: string): void {
  if (prefix === "") return;
  const reason = prefix.endsWith("/")
    ? reasonAgainst(prefix, prefix.slice(0, -1).split("/"))
    : 'a prefix ends with "/"';
  if (reason !== undefined) throw invalidPath(prefix, reason);
}

/** The same for paths that some file system takes for one. */
export function foldPath(path: string): string {
  // Both ways: "ß" and "ſ" have an upper case that others share, "İ" a lower case.
  return path.normalize("NFKC").toUpperCase().toLowerCase();
}

function reasonAgainst(path: string, names: readonly string[]): string | undefined {
  if (path.length > maxLength) return `it has more than ${maxLength} characters`;
  if (names.length > maxDepth) return `it has more than ${maxDepth} names`;
  if (!memoryNamespaces.some((namespace) => namespace === names[0]))
    return `it begins with none of ${memoryNamespaces.map((name) => `${name}/`).join(", ")}`;
  for (const name of names) {
    const reason = reasonAgainstName(name);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonAgainstName(name: string): string | undefined {
  if (name === "") return "a name in it is empty";
  if (name.startsWith(".")) return "a name in it begins with a dot";
  if (/^\s|[\s.]$/u.test(name)) return "a name in it begins or ends with a space, or ends with a dot";
  if (unusable.test(name)) return 'a name in it has an invisible character or one of \\ : * ? " < > |';
  if (name !== name.normalize("NFC")) return "a name in it is not in the normal form NFC";
  if (reserved.test(name) || shortName.test(name)) return "a name in it is reserved on some system";
  if (Buffer.byteLength(name) > maxNameBytes) return `a name in it has more than ${maxNameBytes} bytes`;
  return undefined;
}

function invalidPath(path: string, reason: string): TauError {
  return new TauError(
    "memory.invalid_path",
    `${JSON.stringify(path.slice(0, 80))} is no path of a memory: ${reason}. Write it like "memory/notes/build.md".`,
  );
}

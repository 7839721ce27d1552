import { TauError } from "@tau/core";

/** Makes the error for what a profile forbids. `why` completes "… is denied: ". */
export function denied(operation: string, path: string, why: string): TauError {
  return new TauError("environment.denied", `${operation} ${path} is denied: ${why}`);
}

/** Makes the error of an operation that the system refused. `why` is a sentence. */
export function failed(operation: string, why: string, cause?: unknown): TauError {
  return new TauError("environment.failed", `${operation} failed: ${why}`, { cause });
}

const explanations: Readonly<Record<string, string>> = {
  EACCES: "the user who runs Tau lacks the permission.",
  EPERM: "the user who runs Tau lacks the permission.",
  EISDIR: "it is a folder.",
  ENOTDIR: "a part of the path is not a folder.",
  ELOOP: "too many symbolic links, or the path changed while it was opened. Try again.",
  ENAMETOOLONG: "the name is too long.",
  ENOSPC: "the disk is full.",
  EDQUOT: "the disk quota is used up.",
  EROFS: "the file system is read-only.",
  EMFILE: "too many open files.",
};

/** Turns what `node:fs` throws into the errors of the `Environment` port; a `TauError` stays as it is. */
export function toEnvironmentError(error: unknown, operation: string, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  if (code === "ENOENT") {
    return new TauError("environment.not_found", `${operation} failed: ${path} does not exist.`, {
      cause: error,
    });
  }
  if (code === "EEXIST") {
    return new TauError("environment.exists", `${operation} failed: ${path} exists already.`, {
      cause: error,
    });
  }
  return failed(`${operation} ${path}`, explanations[code] ?? `the system answered ${code}.`, error);
}

/** The code of a system error such as `ENOENT`; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

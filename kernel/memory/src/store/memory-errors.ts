import { TauError } from "@tau/core";

/** The error for a file that is not there. */
export function memoryNotFound(path: string): TauError {
  return new TauError("memory.not_found", `The memory has no ${JSON.stringify(path)}.`);
}

/** The error for a name that is taken, by `other` if that is another one. */
export function memoryExists(path: string, other: string = path): TauError {
  const why = other === path ? "is there already" : `cannot be beside ${JSON.stringify(other)}`;
  return new TauError("memory.exists", `${JSON.stringify(path)} ${why}: choose another name.`);
}

/** The error for a write that expected another content. */
export function memoryChanged(path: string): TauError {
  return new TauError(
    "memory.changed",
    `${JSON.stringify(path)} is not what this write was meant for: read it again, then decide again.`,
  );
}

/** The error for what may lead out of the memory. */
export function memoryRefused(path: string): TauError {
  return new TauError(
    "memory.refused_file",
    `${JSON.stringify(path)} is a link, has a second name or is no regular file: put a copy there instead.`,
  );
}

/** The error for what exceeds a limit. */
export function memoryTooLarge(what: string, limit: string): TauError {
  return new TauError("memory.too_large", `${what} is too large: at most ${limit}.`);
}

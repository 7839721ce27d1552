import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

const closeOnExec = 0o2000000;

/** What `spawn` gets beyond a command's own streams, and what to do once it has started. */
export interface CoveredDescriptors {
  readonly stdio: readonly ("ignore" | number)[];
  close(): void;
}

/**
 * Covers what the parent of this process left open, by a descriptor that leads nowhere: a jailed command with an open
 * folder of the machine would need no more to get out. `from` is the first descriptor that is not the command's own.
 */
export function coverInherited(inherited: readonly number[], from: number): CoveredDescriptors {
  const open = inherited.filter((descriptor) => descriptor >= from);
  if (open.length === 0) return { stdio: [], close: () => undefined };
  const nowhere = openSync("/dev/null", "r");
  const stdio = Array.from({ length: Math.max(...open) + 1 - from }, (_, index) =>
    open.includes(index + from) ? nowhere : ("ignore" as const),
  );
  return { stdio, close: () => closeSync(nowhere) };
}

/** What this process would hand on to whatever it starts. Node marks what it opens itself, so it stays the same. */
export function inheritedDescriptors(): readonly number[] {
  return readdirSync("/proc/self/fd")
    .map(Number)
    .filter((descriptor) => descriptor > 2 && isHandedOn(descriptor));
}

function isHandedOn(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/mu.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false; // closed meanwhile
  }
}

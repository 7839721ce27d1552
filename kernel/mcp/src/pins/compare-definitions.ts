import { byCodeUnits } from "../by-code-units.ts";
import { hashDefinition } from "./definition.ts";
import type { Definition, DefinitionKind } from "./definition.ts";
import { findPinned } from "./mcp-lock.ts";
import type { PinnedDefinition, ServerLock } from "./mcp-lock.ts";

/**
 * What is to be thought of a definition:
 *
 * - `approved`: it is the one that a person approved. Only this one may be used.
 * - `new`: nobody approved it yet.
 * - `changed`: it is another one than was approved, and waits in quarantine.
 * - `ambiguous`: the server has two of that name, so that nobody knows which one would run.
 * - `missing`: it was approved and is not there.
 */
export type DefinitionStatus = "ambiguous" | "approved" | "changed" | "missing" | "new";

/** What became of one definition. */
export interface DefinitionVerdict {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly status: DefinitionStatus;
  /** What the server says now. */
  readonly live?: Definition;
  readonly pinned?: PinnedDefinition;
}

/** Compares what a server says with what was approved; ordered by kind and name, whatever the server's order. */
export function compareDefinitions(
  lock: ServerLock | undefined,
  live: readonly Definition[],
): readonly DefinitionVerdict[] {
  const groups = Map.groupBy(live, keyOf);
  const verdicts = [...groups.values()].flatMap((same) => judge(lock, same));
  const missing = (lock?.definitions ?? []).filter((pinned) => !groups.has(keyOf(pinned)));
  return [
    ...verdicts,
    ...missing.map((pinned) => ({
      kind: pinned.kind,
      name: pinned.name,
      status: "missing" as const,
      pinned,
    })),
  ].toSorted((a, b) => byCodeUnits(keyOf(a), keyOf(b)));
}

function judge(lock: ServerLock | undefined, [live, ...more]: readonly Definition[]): DefinitionVerdict[] {
  if (live === undefined) return [];
  const { kind, name } = live;
  const pinned = findPinned(lock, kind, name);
  const found = { kind, name, live, ...(pinned === undefined ? {} : { pinned }) };
  if (more.length > 0) return [{ ...found, status: "ambiguous" }];
  if (pinned === undefined) return [{ ...found, status: "new" }];
  return [{ ...found, status: pinned.sha256 === hashDefinition(live) ? "approved" : "changed" }];
}

function keyOf({ kind, name }: Pick<Definition, "kind" | "name">): string {
  return `${kind}\n${name}`;
}

import { createHash } from "node:crypto";

import type { FileChange } from "@tau/tools";

/** SHA-256 over changes, hexadecimal: the same for the same changes in the same order. */
export function hashOfChanges(changes: readonly FileChange[]): string {
  const rows = changes.map(({ path, kind, type, size, mode, modeBefore, digest }) => [
    path,
    kind,
    type,
    size,
    mode,
    modeBefore ?? -1,
    digest ?? "",
  ]);
  return createHash("sha256").update(JSON.stringify(rows)).digest("hex");
}

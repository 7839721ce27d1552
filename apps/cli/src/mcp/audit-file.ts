import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

import type { CallAudit } from "@tau/mcp";

const maxBytes = 10_000_000;

/**
 * Writes a line for each call that a client of `tau mcp serve` or `gateway` made, `mcp-calls.jsonl` in Tau's home. A file
 * of 10 MB is put aside as `….1`, in place of the one before it.
 */
export function createAuditFile(home: string): (entry: CallAudit) => void {
  const path = join(home, "mcp-calls.jsonl");
  return (entry) => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) renameSync(path, `${path}.1`);
    appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  };
}

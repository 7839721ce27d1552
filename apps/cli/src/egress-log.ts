import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import type { AuditSink } from "@tau/egress";

const maxBytes = 10_000_000;

/** Where the rows of what left this machine are: a JSON object per line. */
function egressLogPath(home: string): string {
  return join(home, "egress.jsonl");
}

/**
 * Writes a line for each request that Tau's tools or their commands made. A file of 10 MB is put aside as `….1`, in
 * place of the one before it.
 */
export function createEgressLog(home: string): AuditSink {
  const path = egressLogPath(home);
  return {
    write(row) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) renameSync(path, `${path}.1`);
      appendFileSync(path, `${JSON.stringify(row)}\n`, { mode: 0o600 });
    },
  };
}

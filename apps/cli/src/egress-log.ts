import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import type { AuditSink } from "@tau/egress";

const maxBytes = 10_000_000;

/** Where the rows of what left this machine are: a JSON object per line. */
function egressLogPath(home: string): string {
  return join(home, "egress.jsonl");
}

/**
 * Writes a line for each request that Tau's tools or their commands made. A file of 10 MB is put aside under the time; none
 * is removed, because making many requests must not be a way to make earlier ones forgotten.
 */
export function createEgressLog(home: string): AuditSink {
  const path = egressLogPath(home);
  return {
    write(row) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      putAside(path);
      appendFileSync(path, `${JSON.stringify(row)}\n`, { mode: 0o600 });
    },
  };
}

function putAside(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return;
  try {
    renameSync(path, `${path}.${new Date().toISOString().replaceAll(":", "")}`);
  } catch {
    // Another process was first.
  }
}

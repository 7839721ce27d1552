import { createHash } from "node:crypto";

import type { NetworkAccess } from "../environment.ts";

/** SHA-256 over `parts`, 12 hexadecimal digits. `parts` is what the environment enforces, in a fixed order. */
export function profileHash(parts: readonly (string | NetworkAccess | readonly string[])[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

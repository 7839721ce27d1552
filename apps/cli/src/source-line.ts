import type { ApprovalRequested } from "@tau/core";

import { visible } from "./plain-text.ts";

/** Sources that are named; of more it is said that there are more. */
const most = 5;

/** What the model had been shown when it asked, in one line; undefined where nobody need mind. */
export function sourceLine({ label }: ApprovalRequested): string | undefined {
  const { origins = [] } = label ?? {};
  if (origins.length === 0) return undefined;
  const list = visible(origins.slice(0, most).join(", ")).replaceAll("\n", " ");
  return `The model had been shown: ${list}${origins.length > most ? ", …" : ""}`;
}

import type { RetryNotice } from "@tau/agent";

import { clip } from "./plain-text.ts";
import { createStyle } from "./style.ts";
import type { Terminal } from "./terminal.ts";
import { duration } from "./tool-lines.ts";

/** One line that says that a call of the model is made again. */
export function retryNote({ retry, waitMs, error }: RetryNotice, terminal: Terminal): string {
  const text = `  ${clip(error.message, 100)} Trying again in ${duration(waitMs)} (${retry}).`;
  return createStyle(terminal)("yellow", text);
}

import type { RunEvent } from "@tau/core";

import { plainJson } from "./plain-text.ts";
import { writeLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** Shows the events of a session, one after the other. */
export interface EventView {
  show(event: RunEvent): void;
  /** Takes note of an event that was shown before, elsewhere: later ones refer to it. */
  recall(event: RunEvent): void;
  /** Says something that is no event, already harmless for a terminal. */
  note(text: string): void;
  /** Makes room: somebody else is going to write. */
  pause(): void;
}

/** One JSON object a line: everything, for machines. Notes go to standard error. */
export function createJsonView(terminal: Terminal): EventView {
  return {
    show: (event) => writeLine(terminal, plainJson(event)),
    recall: () => undefined,
    note: (text) => terminal.stderr.write(`${text}\n`),
    pause: () => undefined,
  };
}

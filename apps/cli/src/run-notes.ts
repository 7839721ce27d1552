import type { RetryNotice } from "@tau/agent";
import { isTauError } from "@tau/core";
import type { Observer } from "@tau/core";

import type { EventView } from "./event-view.ts";
import { clip } from "./plain-text.ts";
import { createStyle } from "./style.ts";
import type { Terminal } from "./terminal.ts";
import { duration } from "./tool-lines.ts";

/** What a run tells beside its events. */
export interface RunNotes {
  readonly onRetry: (notice: RetryNotice) => void;
  readonly observer: Observer;
}

/** Notes for the person at the terminal: that a call is made again, what a provider said when it refused, and why nothing happens. */
export function createRunNotes(view: EventView, terminal: Pick<Terminal, "stdout" | "env">): RunNotes {
  const style = createStyle(terminal);
  let saidOfPause = "";
  return {
    onRetry({ retry, waitMs, error }) {
      const text = `  ${clip(error.message, 120)} Trying again in ${duration(waitMs)} (${retry}).`;
      view.note(style("yellow", text));
    },
    observer({ name, error }) {
      const cause = error instanceof Error ? error.cause : undefined;
      // Events carry no words of strangers; the person at the terminal needs them to repair what is wrong.
      if (name === "run.failed" && cause instanceof Error)
        view.note(style("red", `  ${clip(cause.message, 400)}`));
      // The engine tries again every few seconds, for days if need be: that is said once.
      if (name === "engine.key_failed" && isTauError(error) && error.message !== saidOfPause) {
        saidOfPause = error.message;
        view.note(
          style("red", `  ${clip(error.message, 400)} The run goes on by itself when that works again.`),
        );
      }
    },
  };
}

import type { RetryNotice } from "@tau/agent";
import { isTauError } from "@tau/core";
import type { Json, Observer } from "@tau/core";

import { isBelow } from "./child-session.ts";
import type { EventView } from "./event-view.ts";
import { clip } from "./plain-text.ts";
import { createStyle } from "./style.ts";
import type { Terminal } from "./terminal.ts";
import { duration } from "./tool-lines.ts";

/** What a run tells beside its events. */
export interface RunNotes {
  readonly onRetry: (notice: RetryNotice) => void;
  readonly observer: Observer;
  /** Shows the run's events, from which the notes learn whose they are and that something works. */
  readonly view: EventView;
}

/**
 * Notes for the person at the terminal: that a call is made again, what a provider said when it refused, and why nothing happens.
 * `session` is the one to go on with; that of a new one is in its events.
 */
export function createRunNotes(
  view: EventView,
  terminal: Pick<Terminal, "stdout" | "env">,
  session?: string,
): RunNotes {
  const style = createStyle(terminal);
  const saidOfPause = new Set<string>();
  let shown = session;
  const isOfRun = (key: Json | undefined): boolean =>
    shown === undefined || (typeof key === "string" && (key === shown || isBelow(key, shown)));
  return {
    view: {
      recall: (event) => view.recall(event),
      note: (text) => view.note(text),
      pause: () => view.pause(),
      show(one) {
        view.show(one);
        if (one.kind !== "event") return;
        if (one.event.type === "session_created") shown ??= one.event.sessionId;
        saidOfPause.clear();
      },
    },
    onRetry({ retry, waitMs, error }) {
      const text = `  ${clip(error.message, 120)} Trying again in ${duration(waitMs)} (${retry}).`;
      view.note(style("yellow", text));
    },
    observer({ name, error, attributes: { key } }) {
      const cause = error instanceof Error ? error.cause : undefined;
      // Events carry no words of strangers; the person at the terminal needs them to repair what is wrong.
      if (name === "run.failed" && cause instanceof Error)
        view.note(style("red", `  ${clip(cause.message, 400)}`));
      // The engine tries again every few seconds, for days if need be: that is said once, until something works again.
      if (name !== "engine.key_failed" || !isTauError(error) || !isOfRun(key)) return;
      if (!saidOfPause.has(error.message)) {
        saidOfPause.add(error.message);
        view.note(
          style("red", `  ${clip(error.message, 400)} The run goes on by itself when that works again.`),
        );
      }
    },
  };
}

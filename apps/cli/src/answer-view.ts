import { textOf } from "@tau/core";

import type { EventView } from "./event-view.ts";
import { plain } from "./plain-text.ts";
import type { Terminal } from "./terminal.ts";
import { writeLine } from "./terminal.ts";

/** Only the last answer, once the run has ended; what else there is to say goes to standard error. */
export function createAnswerView(terminal: Terminal): EventView {
  let answer = "";
  return {
    show(one) {
      if (one.kind !== "event") return;
      const { event } = one;
      if (event.type === "model_finished") answer = textOf(event.message);
      if (event.type !== "run_finished") return;
      if (answer !== "") writeLine(terminal, plain(answer));
      if (event.error !== undefined)
        terminal.stderr.write(`tau: ${plain(event.error.message)} [${plain(event.error.code)}]\n`);
    },
    recall: () => undefined,
    note: (text) => terminal.stderr.write(`${text}\n`),
    pause: () => undefined,
  };
}

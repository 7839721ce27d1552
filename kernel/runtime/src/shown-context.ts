import { joinLabels, userLabel } from "@tau/core";
import type { ShownContext } from "@tau/core";

import type { RunScope } from "./run-scope.ts";

/** What the model is shown at the next call: the history, and before it the context that the session was made with. */
export function shownTo({ log }: Pick<RunScope, "log">): ShownContext {
  const { shown } = log.history;
  const { bootstrap } = log.state;
  if (bootstrap.length === 0) return shown;
  return {
    ...shown,
    label: joinLabels(shown.label, userLabel, ...bootstrap.flatMap((entry) => entry.label ?? [])),
  };
}

import { joinLabels, userLabel } from "@tau/core";
import type { ShownContext } from "@tau/core";

import type { RunScope } from "./run-scope.ts";

/**
 * What the model is shown at the next call: the history, and before it the context that the session was made with. For
 * a tool that calls others, also what those told it.
 */
export function shownTo({ log, gathered }: Pick<RunScope, "log" | "gathered">): ShownContext {
  const { shown } = log.history;
  const { bootstrap } = log.state;
  const more = gathered === undefined ? [] : [gathered()];
  if (bootstrap.length > 0) more.push(userLabel, ...bootstrap.flatMap((entry) => entry.label ?? []));
  return more.length === 0 ? shown : { ...shown, label: joinLabels(shown.label, ...more) };
}

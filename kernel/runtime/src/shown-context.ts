import { joinLabels, userLabel } from "@tau/core";
import type { ShownContext } from "@tau/core";

import type { RunScope } from "./run-scope.ts";

/**
 * What the model is shown at the next call: the history, and before it the context that the session was made with, and
 * the tools. For a tool that calls others, also what those told it.
 */
export function shownTo({
  log,
  tools,
  gathered,
}: Pick<RunScope, "log" | "tools" | "gathered">): ShownContext {
  const { shown } = log.history;
  const { bootstrap } = log.state;
  const more = gathered === undefined ? [] : [gathered()];
  if (bootstrap.length > 0) more.push(userLabel, ...bootstrap.flatMap((entry) => entry.label ?? []));
  more.push(...tools.list().flatMap((tool) => tool.definitionLabel ?? []));
  return more.length === 0 ? shown : { ...shown, label: joinLabels(shown.label, ...more) };
}

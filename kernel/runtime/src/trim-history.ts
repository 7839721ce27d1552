import { planTrim } from "@tau/session";

import { contextBudgetOf } from "./agent-config.ts";
import type { RunScope } from "./run-scope.ts";

/**
 * Leaves out of what goes to the model what has no room any more, as an event; answers whether there was anything.
 * `too long`: a provider refused what was thought to fit, so that at least something has to go.
 */
export function trimHistory(scope: RunScope, why?: "too long"): boolean {
  const { agent, log, tools, runId } = scope;
  const budget = contextBudgetOf(agent);
  const maxTokens = why === undefined ? budget.maxTokens : Math.min(budget.maxTokens, log.history.tokens - 1);
  if (log.history.tokens <= maxTokens) return false;
  const keeping = new Set(
    tools.list().flatMap(({ name, keepsResults }) => (keepsResults === true ? [name] : [])),
  );
  const keepsResults = (tool: string): boolean => keeping.has(tool);
  const trim = planTrim(log.history, { ...budget, maxTokens }, { keepsResults });
  if (trim === undefined) return false;
  const { clearedCalls, ...dropped } = trim;
  log.record({
    type: "context_trimmed",
    runId,
    ...dropped,
    ...(clearedCalls.length === 0 ? {} : { clearedCalls }),
  });
  return true;
}

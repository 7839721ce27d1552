import type { ToolCallPart } from "@tau/core";
import type { PreparedCall } from "@tau/tools";

import { resolveHandles } from "./held-values.ts";
import type { RunScope } from "./run-scope.ts";
import { untilAborted } from "./until-aborted.ts";

/** Validation is code of the tool's author, and paths are looked up: neither holds up a cancel. At once where neither waits. */
export function prepare(scope: RunScope, call: ToolCallPart): Promise<PreparedCall> | PreparedCall {
  const prepared = prepareOnce(scope, call);
  const resolved = resolveHandles(call, scope.log.state.values);
  return resolved === call ? prepared : prepareResolved(scope, prepared, resolved);
}

async function prepareResolved(
  scope: RunScope,
  preparing: Promise<PreparedCall> | PreparedCall,
  resolved: ToolCallPart,
): Promise<PreparedCall> {
  const prepared = await preparing;
  // A reader gets handles as they are: it is the one that looks behind them.
  return prepared.ok && prepared.tool.endorses === true ? prepared : await prepareOnce(scope, resolved);
}

function prepareOnce(
  { tools, environment, policy, call: caller }: RunScope,
  call: ToolCallPart,
): Promise<PreparedCall> | PreparedCall {
  const { signal } = caller;
  const { hashedPrograms: hashed = [] } = policy;
  const preparing = tools.prepare(call, { environment, signal, call: caller, hashed });
  return preparing instanceof Promise ? untilAborted(preparing, signal) : preparing;
}

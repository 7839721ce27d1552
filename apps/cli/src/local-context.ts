import { createCallContext } from "@tau/core";
import type { CallContext } from "@tau/core";

import type { Terminal } from "./terminal.ts";

/** Whose data a command on this machine works on. */
export const localTenant = "local";

/** Who acts when a person uses the command on their own machine. */
export function localContext({ env }: Pick<Terminal, "env">): CallContext {
  const id = env["USER"] ?? env["LOGNAME"] ?? "me";
  return createCallContext({ tenant: localTenant, principal: { id, kind: "person", scopes: [] } });
}

import type { ConnectRouterOptions } from "@connectrpc/connect";
import { isTauError } from "@tau/core";
import type { TauError } from "@tau/core";

import type { Authenticator } from "./authenticator.ts";
import { admissionKey, traceIdOf } from "./call-context.ts";
import { refuseForeign } from "./door.ts";
import type { DoorOptions } from "./door.ts";
import { errorToConnect } from "./error-to-connect.ts";

/** Options of {@link createDoor}. */
export interface ServerDoorOptions extends DoorOptions {
  readonly authenticator: Authenticator;
  /** Why no call may pass now; undefined when all may. */
  readonly closedBecause: () => TauError | undefined;
}

/** Makes the check that every call passes before its body is read. */
export function createDoor(options: ServerDoorOptions): NonNullable<ConnectRouterOptions["requestGate"]> {
  return async (context) => {
    const traceId = traceIdOf(context.requestHeader);
    context.responseHeader.set("tau-trace-id", traceId);
    try {
      const refused = refuseForeign(context.url, context.requestHeader, options) ?? options.closedBecause();
      if (refused !== undefined) throw refused;
      const identity = await options.authenticator(context.requestHeader);
      if (isTauError(identity)) throw identity;
      context.values.set(admissionKey, { identity, traceId });
    } catch (error) {
      throw errorToConnect(error, { traceId });
    }
  };
}

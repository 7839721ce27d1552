import type { ConnectRouterOptions } from "@connectrpc/connect";

import type { Admit } from "./admission.ts";
import { admissionKey, traceIdOf } from "./call-context.ts";
import { errorToConnect } from "./error-to-connect.ts";

/** Makes the check that every call of the contract passes before its body is read. */
export function createDoor(admit: Admit): NonNullable<ConnectRouterOptions["requestGate"]> {
  return async (context) => {
    const traceId = traceIdOf(context.requestHeader);
    context.responseHeader.set("tau-trace-id", traceId);
    try {
      const admission = await admit(context.url, context.requestHeader);
      context.values.set(admissionKey, { ...admission, traceId });
    } catch (error) {
      throw errorToConnect(error, { traceId });
    }
  };
}

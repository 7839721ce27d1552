import { isTauError } from "@tau/core";
import type { TauError } from "@tau/core";

import type { Authenticator } from "./authenticator.ts";
import { traceIdOf } from "./call-context.ts";
import type { Admission } from "./call-context.ts";
import { refuseForeign } from "./door.ts";
import type { DoorOptions } from "./door.ts";

/** Options of {@link createAdmit}. */
export interface AdmitOptions extends DoorOptions {
  readonly authenticator: Authenticator;
  /** Why no call may pass now; undefined when all may. */
  readonly closedBecause: () => TauError | undefined;
}

/** Lets a call in, whatever it speaks, before its body is read. Throws why it may not. */
export type Admit = (url: string, headers: Headers) => Promise<Admission>;

/** Makes the check that every call passes. */
export function createAdmit(options: AdmitOptions): Admit {
  return async (url, headers) => {
    const refused = refuseForeign(url, headers, options) ?? options.closedBecause();
    if (refused !== undefined) throw refused;
    const identity = await options.authenticator(headers);
    if (isTauError(identity)) throw identity;
    return { identity, traceId: traceIdOf(headers) };
  };
}

import { isTauError } from "@tau/core";
import { fetch as undiciFetch } from "undici";
import type { Dispatcher } from "undici";

import { createAddressPolicy } from "./address-policy.ts";
import type { AuditSink, EgressCaller } from "./audit.ts";
import { createAuditedDispatchers } from "./audited-dispatcher.ts";
import { egressError } from "./egress-error.ts";
import { createHostList } from "./host-list.ts";
import { lookupSystem } from "./resolve-checked.ts";
import type { Lookup } from "./resolve-checked.ts";
import { describeTarget, parseUrl } from "./target.ts";
import type { Target } from "./target.ts";
import { toPlainRequest } from "./plain-request.ts";

/** Options of {@link createCheckedFetch}. */
export interface CheckedFetchOptions {
  /** Whose requests these are, for the audit. */
  readonly caller: EgressCaller;
  /** Hosts that may be reached, as in `EnvironmentProfile.network`. Default: every public one. */
  readonly hosts?: readonly string[];
  /** Addresses and ranges that may be dialled although they are not public, such as `10.1.0.0/16`. Default none. */
  readonly addresses?: readonly string[];
  readonly audit?: AuditSink;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
  /** How many redirects are followed. Default 5. */
  readonly maxRedirects?: number;
  /** Certificate authorities in PEM, instead of the usual ones. */
  readonly ca?: readonly string[];
}

/** A client that reaches only what it may. */
export interface CheckedFetch extends AsyncDisposable {
  /** As the global `fetch`, except that what the rules refuse rejects with a `TauError`. */
  readonly fetch: typeof globalThis.fetch;
  /** The same for another caller, whom its rows then name; over the same connections. */
  fetchFor(caller: EgressCaller): typeof globalThis.fetch;
  /** For what takes an undici dispatcher; follows no redirects by itself. */
  readonly dispatcher: Dispatcher;
}

/**
 * Makes a `fetch` that cannot be talked into reaching what is not public: each name is resolved once, every address of
 * it checked, and a checked one dialled; so is every redirect.
 *
 * The audit gets a row per request, redirects included. Disposing ends what still runs.
 *
 * `fetch` rejects with `egress.invalid_url`, `egress.denied`, `egress.unresolved`, `egress.failed` and
 * `egress.too_many_redirects`.
 *
 * @throws TauError `egress.invalid_rule`
 */
export function createCheckedFetch(options: CheckedFetchOptions): CheckedFetch {
  const { caller, audit, ca, hosts, maxRedirects = 5 } = options;
  const rules = {
    addresses: createAddressPolicy(options.addresses),
    lookup: options.lookup ?? lookupSystem,
    ...(hosts === undefined ? {} : { hosts: createHostList(hosts) }),
  };
  const client = createAuditedDispatchers({
    rules,
    ...(audit === undefined ? {} : { audit }),
    ...(ca === undefined ? {} : { ca }),
  });

  const fetchFor = (asCaller: EgressCaller): typeof globalThis.fetch => {
    const dispatcher = client.dispatcherFor(asCaller);
    return async (input, init = {}) => {
      const { url, ...target } = parseUrl(input instanceof Request ? input.url : input);
      const request = await toPlainRequest(input, init);
      try {
        return await undiciFetch(url, { ...request, dispatcher: atMost(maxRedirects, dispatcher) });
      } catch (error) {
        throw toFailure(error, target, request.signal);
      }
    };
  };
  return {
    fetch: fetchFor(caller),
    fetchFor,
    dispatcher: client.dispatcherFor(caller),
    [Symbol.asyncDispose]: async () => await client[Symbol.asyncDispose](),
  };
}

/** A fetch and its redirects go through one such dispatcher, which counts them. */
function atMost(redirects: number, dispatcher: Dispatcher): Dispatcher {
  let left = redirects + 1;
  return dispatcher.compose((next) => (request, handler) => {
    if (left-- > 0) return next(request, handler);
    throw egressError("egress.too_many_redirects", `The host redirects more than ${redirects} times.`);
  });
}

function toFailure(error: unknown, target: Target, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isTauError(cause)) return cause;
  }
  return egressError("egress.failed", `The request to ${describeTarget(target)} failed.`, error);
}

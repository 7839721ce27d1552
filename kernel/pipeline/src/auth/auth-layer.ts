import { TauError } from "@tau/core";
import type { Authenticator, CallContext, Credential, Identity } from "@tau/core";

import type { Handler, Layer, ModelStream } from "../layer.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { untilAborted } from "../until-aborted.ts";
import { watchStream } from "../watch-stream.ts";

/** Options of {@link authLayer}. */
export interface AuthOptions {
  readonly authenticator: Authenticator;
  /** Where the credential of a call is. Default: `context.credential`. */
  readonly credentialOf?: (context: CallContext) => Credential | undefined;
}

/**
 * Lets a call pass only for somebody known, and under their own name: the principal of the context is replaced by
 * the one that the credential proves, and the credential goes no further.
 *
 * Fails closed, and for good: a wrong credential, one of another tenant, none, or an authenticator that cannot
 * answer is no call.
 *
 * @throws TauError (from the stream) `auth.unauthenticated`, `auth.unavailable`
 */
export function authLayer({ authenticator, credentialOf = credentialIn }: AuthOptions): Layer {
  function identify(context: CallContext): Identity | undefined | Promise<Identity | undefined> {
    const credential = credentialOf(context);
    return credential === undefined ? undefined : authenticator.authenticate(credential, context.signal);
  }

  function open(next: Handler, call: PipelineCall): ModelStream | Promise<ModelStream> {
    const { signal } = call.context;
    const failed = (error: unknown): never => {
      signal.throwIfAborted();
      throw unavailable(error);
    };
    let found: ReturnType<typeof identify>;
    try {
      found = identify(call.context);
    } catch (error) {
      return failed(error);
    }
    if (!(found instanceof Promise)) return enter(next, call, found);
    return untilAborted(found, signal).then((identity) => enter(next, call, identity), failed);
  }

  return { name: "auth", wrap: (next) => (call) => watchStream({ open: () => open(next, call) }) };
}

/** @throws TauError `auth.unauthenticated` */
function enter(next: Handler, call: PipelineCall, identity: Identity | undefined): ModelStream {
  if (identity === undefined || identity.tenant !== call.context.tenant) throw unauthenticated();
  const { principal } = identity;
  call.record.principal = principal;
  const { credential: _, ...context } = call.context;
  return next({ ...call, context: { ...context, principal } });
}

function credentialIn(context: CallContext): Credential | undefined {
  return context.credential;
}

/** Says the same whatever was wrong: the difference helps only those who guess. */
function unauthenticated(): TauError {
  return new TauError(
    "auth.unauthenticated",
    "The call has no credential that is valid for its tenant. Send one that is.",
    { class: "auth" },
  );
}

function unavailable(cause: unknown): TauError {
  return new TauError(
    "auth.unavailable",
    "It could not be found out who calls, so nothing was asked. Ask again later.",
    { class: "auth", cause },
  );
}

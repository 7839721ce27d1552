import type { Model } from "@tau/agent";
import { TauError } from "@tau/core";
import type { AccessDecision, AccessRequest, PolicyDecisionPoint } from "@tau/core";

import type { Handler, Layer, ModelStream } from "../layer.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { untilAborted } from "../until-aborted.ts";
import { watchStream } from "../watch-stream.ts";

/** Options of {@link iamLayer}. */
export interface IamOptions {
  readonly policy: PolicyDecisionPoint;
}

/**
 * Lets a call pass only to models that its principal may invoke (`action` "invoke", resource kind "model", name
 * `provider/id`), and writes the scopes that this rests on to `record.allowedScopes`. Candidates that are denied are
 * skipped; when none is left the call is.
 *
 * Fails closed: a policy that throws, or answers anything but `allowed: true` and a list of scopes, denies.
 *
 * @throws TauError (from the stream) `iam.denied`, `iam.unavailable`
 */
export function iamLayer({ policy }: IamOptions): Layer {
  function decide({ context }: PipelineCall, model: Model): AccessDecision | Promise<AccessDecision> {
    const { tenant, principal, signal } = context;
    return policy.decide({ tenant, principal, action: "invoke", resource: resourceOf(model) }, signal);
  }

  async function decideLater(
    next: Handler,
    call: PipelineCall,
    decisions: readonly (AccessDecision | Promise<AccessDecision>)[],
  ): Promise<ModelStream> {
    const { signal } = call.context;
    let decided: readonly AccessDecision[];
    try {
      decided = await untilAborted(Promise.all(decisions.map(async (decision) => await decision)), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw unavailable(error);
    }
    return enforce(next, call, decided);
  }

  function open(next: Handler, call: PipelineCall): ModelStream | Promise<ModelStream> {
    // Nothing can be asked: routing says why.
    if (call.candidates.length === 0) return next(call);
    let decisions: readonly (AccessDecision | Promise<AccessDecision>)[];
    try {
      decisions = call.candidates.map((model) => decide(call, model));
    } catch (error) {
      throw unavailable(error);
    }
    return decisions.every(isDecided) ? enforce(next, call, decisions) : decideLater(next, call, decisions);
  }

  return { name: "iam", wrap: (next) => (call) => watchStream({ open: () => open(next, call) }) };
}

// A text that is put together anew has to be hashed anew.
const resources = new WeakMap<Model, AccessRequest["resource"]>();

function resourceOf(model: Model): AccessRequest["resource"] {
  const known = resources.get(model);
  if (known !== undefined) return known;
  const made = { kind: "model", name: `${model.provider}/${model.id}` };
  resources.set(model, made);
  return made;
}

function isDecided(decision: AccessDecision | Promise<AccessDecision>): decision is AccessDecision {
  return !(decision instanceof Promise);
}

/** @throws TauError `iam.denied` */
function enforce(next: Handler, call: PipelineCall, decisions: readonly AccessDecision[]): ModelStream {
  const { record, candidates } = call;
  const allowed: Model[] = [];
  const scopes: string[] = [];
  for (let index = 0; index < candidates.length; index++) {
    const model = candidates[index];
    const decision = decisions[index];
    if (model === undefined) continue;
    if (decision?.allowed === true && Array.isArray(decision.scopes)) {
      allowed.push(model);
      for (const scope of decision.scopes) if (!scopes.includes(scope)) scopes.push(scope);
    } else {
      const reasons = [`denied: ${decision?.reason ?? "nobody decided"}`];
      record.skipped.push({ provider: model.provider, model: model.id, reasons });
    }
  }
  const [first] = allowed;
  if (first === undefined) throw denied(call, decisions);
  record.allowedScopes = scopes.sort();
  return next(allowed.length === candidates.length ? call : { ...call, model: first, candidates: allowed });
}

function denied({ model, candidates }: PipelineCall, decisions: readonly AccessDecision[]): TauError {
  const which =
    candidates.length > 1
      ? `none of the ${candidates.length} models`
      : `model "${model.id}" of provider "${model.provider}"`;
  return new TauError(
    "iam.denied",
    `The principal may not use ${which}: ${decisions[0]?.reason ?? "no model is left"}. Ask for the scope, or use another model.`,
    { class: "auth", details: { provider: model.provider, model: model.id } },
  );
}

function unavailable(cause: unknown): TauError {
  return new TauError(
    "iam.unavailable",
    "It could not be decided whether the call is allowed, so nothing was asked. Ask again later.",
    { class: "auth", cause },
  );
}

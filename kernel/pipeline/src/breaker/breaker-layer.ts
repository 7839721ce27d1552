import type { Model } from "@tau/agent";
import { isTauError, silentObserver, TauError } from "@tau/core";
import type { Observer } from "@tau/core";

import type { Handler, Layer, ModelStream } from "../layer.ts";
import { observeSafely } from "../observe-safely.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import { watchStream } from "../watch-stream.ts";
import type { StreamEnd } from "../stream-watch.ts";
import type { CircuitOutcome, CircuitPermit, CircuitRefusal, Circuits } from "./circuits.ts";
import { createMemoryCircuits } from "./memory-circuits.ts";

/** Options of {@link breakerLayer}. */
export interface BreakerOptions {
  /** Default: in memory, with the default policy. */
  readonly circuits?: Circuits;
  /** A circuit for each tenant, for tenants with keys of their own. Default false. */
  readonly perTenant?: boolean;
  /**
   * What the failure of a call that nobody cancelled tells of the provider. Default: `retryable` is a failure;
   * `rate_limited` tells nothing; whoever refuses a key or a request is well.
   */
  readonly judge?: (error: TauError) => CircuitOutcome;
  /** Hears when the circuits cannot be asked. */
  readonly observer?: Observer;
}

/**
 * Stops asking a provider that fails too often, one circuit for each provider, model and address, and lets a few probes
 * find out when it is well again.
 *
 * Circuits that cannot be asked let the call pass: a breaker protects a provider, not the caller.
 *
 * @throws TauError `pipeline.circuit_open` with `retryAfterMs`, from the stream
 */
export function breakerLayer(options: BreakerOptions = {}): Layer {
  const { circuits = createMemoryCircuits(), perTenant = false, observer = silentObserver } = options;
  const judge = options.judge ?? judgeByClass;

  function failedOpen(call: PipelineCall, error: unknown): void {
    observeSafely(observer, {
      name: "pipeline.breaker.unavailable",
      level: 13,
      traceId: call.context.traceId,
      tenant: call.context.tenant,
      attributes: {},
      error,
    });
  }

  function watch(next: Handler, call: PipelineCall): ModelStream {
    let permit: CircuitPermit | undefined;

    function enter(answer: CircuitPermit | CircuitRefusal): ModelStream {
      if ("retryAfterMs" in answer) throw circuitOpen(call, answer);
      permit = answer;
      return next(call);
    }

    return watchStream({
      open() {
        let answer;
        try {
          answer = circuits.enter(nameOf(call, perTenant));
        } catch (error) {
          failedOpen(call, error);
          return next(call);
        }
        if (!(answer instanceof Promise)) return enter(answer);
        return answer.then(enter, (error: unknown) => {
          failedOpen(call, error);
          return next(call);
        });
      },
      ended(end) {
        if (permit === undefined) return undefined;
        let outcome: CircuitOutcome = "ignored";
        try {
          outcome = outcomeOf(end, call, judge);
        } catch (error) {
          // Whatever a judge does, the permit goes back: a probe is held by nobody.
          failedOpen(call, error);
        }
        try {
          const left = circuits.leave(permit, outcome);
          return left?.catch((error: unknown) => failedOpen(call, error));
        } catch (error) {
          return failedOpen(call, error);
        }
      },
    });
  }

  return { name: "breaker", wrap: (next) => (call) => watch(next, call) };
}

// A text that is put together anew has to be hashed anew.
const names = new WeakMap<Model, string>();

function nameOf({ context, model }: PipelineCall, perTenant: boolean): string {
  let name = names.get(model);
  if (name === undefined) names.set(model, (name = serverOf(model)));
  return perTenant ? `${context.tenant}\n${name}` : name;
}

/** A provider may have several servers, one of which fails. */
function serverOf({ provider, id, address }: Model): string {
  return address === undefined ? `${provider}\n${id}` : `${provider}\n${id}\n${address}`;
}

function outcomeOf(
  end: StreamEnd,
  { context }: PipelineCall,
  judge: (error: TauError) => CircuitOutcome,
): CircuitOutcome {
  if (end.kind === "finished") return "success";
  if (end.kind === "left" || context.signal.aborted || !isTauError(end.error)) return "ignored";
  return judge(end.error);
}

function judgeByClass(error: TauError): CircuitOutcome {
  if (error.class === "retryable") return "failure";
  return error.class === "rate_limited" || error.class === "cancelled" ? "ignored" : "success";
}

function circuitOpen({ model }: PipelineCall, { retryAfterMs }: CircuitRefusal): TauError {
  return new TauError(
    "pipeline.circuit_open",
    `Provider "${model.provider}" (model "${model.id}") failed too often lately and is not asked for ${retryAfterMs} ms. Ask again later, or another model.`,
    { class: "retryable", retryAfterMs, details: { provider: model.provider, model: model.id } },
  );
}

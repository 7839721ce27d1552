import { addUsage, isTauError, noUsage } from "@tau/core";
import type { CallContext, Usage } from "@tau/core";

import type { Known } from "../capabilities.ts";
import type { EmbeddingModel } from "../embeddings/embedding-model.ts";
import type { Model } from "../model.ts";
import { otherChecks } from "./other-checks.ts";
import { toProbedAnswer } from "./probe-check.ts";
import type { ProbeCheck, ProbedAnswer, ProbeName } from "./probe-check.ts";
import { schemaChecks } from "./schema-checks.ts";
import { textChecks } from "./text-checks.ts";
import { toolChecks } from "./tool-checks.ts";

/** What one check found. */
export interface ProbeFinding {
  readonly name: ProbeName;
  readonly verdict: Known;
  /** For people: what was seen; a phrase without a full stop. */
  readonly detail: string;
  /** What the provider said when it refused; a stranger's words, and not for remote callers. */
  readonly providerSaid?: string;
  /** Milliseconds. */
  readonly ms: number;
  readonly usage: Usage;
}

/** Options of {@link probeModel}. */
export interface ProbeOptions {
  /** Default: all of them. */
  readonly only?: readonly ProbeName[];
  /** The wire protocol's name, for example `openai-chat`: needed to ask for its JSON mode. */
  readonly protocol?: string;
  /** An embedding model of the same provider. */
  readonly embeddings?: EmbeddingModel;
  /** For each check, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Text that no earlier run had, so that its cache does not count. Default: random. */
  readonly nonce?: string;
}

/**
 * Measures what a model really does, one check after the other, over the wire. About 20 calls, 20,000 tokens.
 * A refusal of the request is a `no`; a failure that says nothing of the model (a limit, a broken line) leaves the
 * check `unknown`.
 *
 * @throws TauError when not even a plain question is answered, or the reason of `context.signal`
 */
export async function* probeModel(
  model: Model,
  context: CallContext,
  options: ProbeOptions = {},
): AsyncGenerator<ProbeFinding> {
  const { only, embeddings, nonce = crypto.randomUUID() } = options;
  const checks = [...textChecks, ...toolChecks, ...schemaChecks(options.protocol), ...otherChecks(nonce)];
  const timeoutMs = options.timeoutMs ?? 60_000;
  for (const check of checks) {
    if (only !== undefined && !only.includes(check.name)) continue;
    yield await measure(check.name, { context, timeoutMs }, async (inner) => {
      const answers = await askTimes(model, check, inner);
      const last = answers.at(-1);
      if (last === undefined) throw new RangeError(`${check.name} is asked no times`);
      const usage = answers.reduce((sum, { finished }) => addUsage(sum, finished.usage), noUsage);
      return { ...check.judge(last), usage };
    });
  }
  if (embeddings === undefined || (only !== undefined && !only.includes("embeddings"))) return;
  yield await measure("embeddings", { context, timeoutMs }, async (inner) => {
    const answer = await embeddings.embed({ inputs: ["a lighthouse", "a harbour"] }, inner);
    const [first] = answer.embeddings;
    return { verdict: "yes", detail: `vectors of ${first?.length ?? 0} numbers`, usage: answer.usage };
  });
}

type Measured = Pick<ProbeFinding, "verdict" | "detail" | "usage" | "providerSaid">;

interface Bounds {
  readonly context: CallContext;
  readonly timeoutMs: number;
}

async function measure(
  name: ProbeName,
  { context, timeoutMs }: Bounds,
  act: (context: CallContext) => Promise<Measured>,
): Promise<ProbeFinding> {
  const startedMs = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  const inner = { ...context, signal: AbortSignal.any([context.signal, timeout]) };
  let measured: Measured;
  try {
    measured = await act(inner);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error === timeout.reason) measured = { ...nothing, detail: `took longer than ${timeoutMs} ms` };
    else measured = failureOf(name, error);
  }
  return { name, ...measured, ms: Math.round(performance.now() - startedMs) };
}

const nothing = { verdict: "unknown", detail: "", usage: noUsage } as const;

/** Codes with which a provider refuses what was asked, rather than failing at it. */
const refusals: ReadonlySet<string> = new Set(["model.invalid_request", "model.unsupported_content"]);

function failureOf(name: ProbeName, error: unknown): Measured {
  // Without an answer to a plain question nothing can be measured.
  if (!isTauError(error) || name === "answer") throw error;
  const said = error.cause instanceof Error ? { providerSaid: error.cause.message.slice(0, 400) } : {};
  return refusals.has(error.code)
    ? { ...nothing, verdict: "no", detail: "refused", ...said }
    : { ...nothing, detail: `failed with ${error.code}`, ...said };
}

async function askTimes(
  model: Model,
  { request, times = 1 }: ProbeCheck,
  context: CallContext,
): Promise<readonly ProbedAnswer[]> {
  const answers: ProbedAnswer[] = [];
  for (let time = 0; time < times; time++) answers.push(await askOnce(model, request, context));
  return answers;
}

async function askOnce(
  model: Model,
  request: ProbeCheck["request"],
  context: CallContext,
): Promise<ProbedAnswer> {
  let [textDeltas, thinkingDeltas] = [0, 0];
  for await (const batch of model.stream(request, context)) {
    for (const event of batch) {
      if (event.type === "text_delta") textDeltas++;
      else if (event.type === "thinking_delta") thinkingDeltas++;
      else if (event.type === "finished") return toProbedAnswer(event, { textDeltas, thinkingDeltas });
    }
  }
  throw new TypeError(`Model "${model.id}" ended its stream without saying so.`);
}

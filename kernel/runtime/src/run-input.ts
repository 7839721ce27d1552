import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, Principal, RunLimits, UserMessage } from "@tau/core";

/** What the engine keeps of a run before it begins. */
export interface RunInput {
  readonly sessionId: string;
  readonly agent: string;
  readonly prompt: UserMessage;
  readonly limits: RunLimits;
  readonly principal: Principal;
  readonly traceId: string;
  /** The runs above it, outermost first; see `CallContext.runPath`. */
  readonly runPath?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly deadline?: number;
}

// One for all: hardly any run has limits of its own.
const noLimits: Json = Object.freeze({});

/** Writes a {@link RunInput} for the engine. */
export function toEngineInput(input: RunInput): Json {
  const { sessionId, agent, traceId, runPath, deadline } = input;
  const {
    prompt = null,
    limits: set = null,
    principal = null,
  }: JsonObject = JSON.parse(JSON.stringify(input));
  const limits = Object.keys(input.limits).length === 0 ? noLimits : set;
  // The texts as they are, and not by spreading: every run that is held open would hold copies, and room for more fields.
  const json: Record<string, Json> = { sessionId, agent, prompt, limits, principal, traceId };
  if (runPath !== undefined) json["runPath"] = runPath;
  if (deadline !== undefined) json["deadline"] = deadline;
  return json;
}

/** Reads what {@link toEngineInput} wrote. */
export function fromEngineInput(input: Json): RunInput {
  if (!isRunInput(input)) throw new TypeError("The engine handed over an input that is not a run's.");
  return input;
}

/** Trusts the fields: only {@link toEngineInput} makes inputs of this program. */
function isRunInput(value: unknown): value is RunInput {
  return isJsonObject(value) && typeof value["sessionId"] === "string" && isJsonObject(value["prompt"]);
}

import { isJsonObject, parseJson, sessionEventVersion } from "@tau/core";
import type { JsonObject, SessionEvent } from "@tau/core";

/** An event ready for the journal. */
export interface EncodedEvent {
  readonly type: string;
  readonly version: number;
  /** JSON text of the whole event: no copy is made to leave out what the envelope says again. */
  readonly body: string;
}

/** Lifts the body of an old version to the version after it. */
type Upcast = (body: JsonObject) => JsonObject;

/** `upcasts[type][n]` lifts version n + 1 to n + 2. No event has changed its shape yet. */
const upcasts: Readonly<Record<string, readonly Upcast[]>> = {};

const knownTypes: ReadonlySet<string> = new Set<SessionEvent["type"]>([
  "session_created",
  "run_started",
  "run_resumed",
  "context_injected",
  "model_finished",
  "permission_decided",
  "approval_requested",
  "approval_answered",
  "effect_started",
  "effect_finished",
  "hook_decided",
  "context_trimmed",
  "run_waiting",
  "run_finished",
]);

/** Writes an event in the current version. An unknown event is written back as it was read. */
export function encodeEvent(event: SessionEvent): EncodedEvent {
  if (event.type === "unknown") {
    return { type: event.originalType, version: event.originalVersion, body: JSON.stringify(event.body) };
  }
  return { type: event.type, version: sessionEventVersion, body: JSON.stringify(event) };
}

/**
 * Reads an event of any version. What this build does not know, or a newer version of what it knows,
 * becomes an `unknown` event: kept and shown, never fatal.
 *
 * @throws TypeError when the body is not a JSON object: the store is corrupt.
 */
export function decodeEvent(encoded: EncodedEvent): SessionEvent {
  const parsed = parseJson(encoded.body);
  if (!parsed.ok || !isJsonObject(parsed.value)) {
    throw new TypeError(`The body of a "${encoded.type}" event is not a JSON object.`);
  }
  if (!knownTypes.has(encoded.type) || encoded.version > sessionEventVersion) {
    return {
      type: "unknown",
      originalType: encoded.type,
      originalVersion: encoded.version,
      body: parsed.value,
    };
  }
  const lifts = upcasts[encoded.type]?.slice(encoded.version - 1) ?? [];
  const body = lifts.reduce<JsonObject>((old, upcast) => upcast(old), parsed.value);
  // Opening a session reads a thousand events: what says its type by itself need not be copied.
  const event: unknown = body["type"] === encoded.type ? body : { type: encoded.type, ...body };
  if (!isSessionEvent(event)) throw new TypeError(`An upcast spoiled a "${encoded.type}" event.`);
  return event;
}

/**
 * Tells whether a value is an event of this version, by its type. Trusts the fields: this program, or an older
 * one that the upcasts know, checked them when it wrote the event.
 */
export function isSessionEvent(value: unknown): value is SessionEvent {
  return isJsonObject(value) && typeof value["type"] === "string" && knownTypes.has(value["type"]);
}

import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject, ModelFinished } from "@tau/core";
import type { CacheEntry } from "@tau/pipeline";

/** Raised when the form below changes: what an older or newer Tau wrote then reads as unknown. */
const version = 1;

/** Writes an entry as a text. */
export function toStored(entry: CacheEntry): string {
  return JSON.stringify({ version, ...entry });
}

/** Reads an entry; undefined for what is damaged, of another version, or not what was asked for. */
export function fromStored(text: string, tenant: string, key: string): CacheEntry | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { version: written, tenant: owner, key: name, sessionId, expiresAt, answer } = parsed.value;
  if (written !== version || owner !== tenant || name !== key) return undefined;
  if (typeof expiresAt !== "number" || !isJsonObject(answer) || !isFinished(answer)) return undefined;
  return { tenant, key, ...(typeof sessionId === "string" ? { sessionId } : {}), expiresAt, answer };
}

/** Trusts the fields below these: whoever can write here could forge all of them. */
function isFinished(answer: unknown): answer is ModelFinished {
  if (!isJsonObject(answer) || answer["type"] !== "finished") return false;
  const { message, usage } = answer;
  return hasParts(message) && isJsonObject(usage) && typeof answer["stopReason"] === "string";
}

function hasParts(message: unknown): message is JsonObject {
  return isJsonObject(message) && message["role"] === "assistant" && Array.isArray(message["parts"]);
}

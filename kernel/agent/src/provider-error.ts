import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject, TauError } from "@tau/core";

import type { ModelErrorCode } from "./error-codes.ts";
import { objectsAt } from "./json-fields.ts";
import { modelError } from "./model-error.ts";
import type { ModelIdentity } from "./model-error.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { ResponseHeaders } from "./retry-after.ts";

/** Characters of a provider's error body that are kept, in the cause only. */
const errorBodyLimit = 2048;

/** An answer that is an error; `status` is 200 for an error inside a stream. */
export interface ProviderFailure {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: string;
  /** Secrets that are cut out of everything kept. */
  readonly secrets: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the protocol's own adapter makes of it. */
  readonly reading?: ErrorReading | undefined;
}

/** What an error says in the words of one protocol. */
export interface ErrorReading {
  /** Absent where the general rules decide. */
  readonly code?: ModelErrorCode;
  /** The provider's name of the error. */
  readonly name?: string;
}

/** The parts of an error body that OpenAI, Anthropic and their imitators agree on. */
interface ErrorWords {
  /** Identifiers: `type`, `code`, `status`, reasons, joined by spaces. */
  readonly names: string;
  readonly message: string;
  /** Google says in the body how long to wait. */
  readonly retryAfterMs?: number | undefined;
  /** A numeric code inside the body, as OpenRouter and Gemini send. */
  readonly status: number | undefined;
  /** The categories of a content filter that struck, as Azure names them. */
  readonly filters: readonly string[];
}

const byName: readonly (readonly [RegExp, ModelErrorCode])[] = [
  [/context_length_exceeded|exceed_context_size_error|request_too_large/, "model.context_too_long"],
  [/insufficient_quota|billing_error|billing_hard_limit_reached|payment_required/, "model.payment_required"],
  [
    /content_filter|content_policy_violation|ResponsibleAIPolicyViolation|data_inspection_failed/,
    "model.content_filtered",
  ],
  [/overloaded|engine_overloaded|service_unavailable/, "model.overloaded"],
  [/rate_limit|tokens_usage_based|RESOURCE_EXHAUSTED/, "model.rate_limited"],
  [
    /authentication_error|permission_error|invalid_api_key|invalid_authentication|API_KEY_INVALID|UNAUTHENTICATED|PERMISSION_DENIED/,
    "model.auth",
  ],
  [/model_not_found|not_found_error|NOT_FOUND/, "model.not_found"],
  [/timeout_error|request_timeout/, "model.timeout"],
  [
    /invalid_request|invalid_value|unsupported_value|INVALID_ARGUMENT|[vV]alidationException/,
    "model.invalid_request",
  ],
  [/api_error|server_error|internal_error/, "model.server_error"],
];

const byStatus: Readonly<Record<number, ModelErrorCode>> = {
  401: "model.auth",
  402: "model.payment_required",
  403: "model.auth",
  404: "model.not_found",
  408: "model.timeout",
  409: "model.server_error",
  413: "model.context_too_long",
  425: "model.server_error",
  429: "model.rate_limited",
  499: "model.cancelled",
  503: "model.overloaded",
  504: "model.timeout",
  529: "model.overloaded",
};

const tooLong =
  /maximum context length|context (length|window|size)|prompt is too long|too many (input )?tokens|input is too long|input token count|reduce the length/i;
const noCredit =
  /credit balance is too low|insufficient (balance|credits|quota)|credits are depleted|exceeded your current quota/i;
/** Google says "You exceeded your current quota" of so many requests a minute, too. */
const perTime = /RESOURCE_EXHAUSTED.*\bRetryInfo\b/;
const filtered = /content (management policy|filter)|safety system|flagged/i;

/** Maps an error answer, or an error event inside a stream, to the package's own codes. */
export function providerError(identity: ModelIdentity, failure: ProviderFailure): TauError {
  const words = readWords(failure.body);
  const status = failure.status === 200 ? (words.status ?? 200) : failure.status;
  const code = failure.reading?.code ?? codeOf(status, words);
  const body = redact(failure.body, failure.secrets).slice(0, errorBodyLimit);
  const providerCode = /[A-Za-z][\w.-]{1,63}/.exec(
    redact(failure.reading?.name ?? words.names, failure.secrets),
  )?.[0];
  return modelError(code, identity, {
    retryAfterMs: retryAfterMs(failure.headers, failure.now) ?? words.retryAfterMs,
    details: {
      status,
      ...(providerCode === undefined ? {} : { providerCode }),
      ...(words.filters.length === 0 ? {} : { filters: words.filters }),
    },
    cause: new Error(`HTTP ${status}: ${body}`),
  });
}

function codeOf(status: number, words: ErrorWords): ModelErrorCode {
  if (status >= 300 && status < 400) return "model.redirected";
  const clientFault = status < 500;
  if (clientFault && status !== 401 && status !== 429 && tooLong.test(words.message)) {
    return "model.context_too_long";
  }
  if (clientFault && noCredit.test(words.message) && !perTime.test(words.names)) {
    return "model.payment_required";
  }
  const named = byName.find(([pattern]) => pattern.test(words.names))?.[1];
  // A status of its own beats a general name: OpenAI calls a wrong key `invalid_request_error`.
  const general = named === "model.invalid_request" || named === "model.server_error";
  if (named !== undefined && !general) return named;
  const known = byStatus[status];
  if (known !== undefined) return known;
  if (status >= 500) return "model.server_error";
  if (clientFault && filtered.test(words.message)) return "model.content_filtered";
  return named ?? (status === 200 ? "model.server_error" : "model.invalid_request");
}

/** Cuts secrets out of a text that will be kept. */
function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= 4) clean = clean.replaceAll(secret, "[redacted]");
  return clean;
}

function readWords(body: string): ErrorWords {
  const parsed = parseJson(body);
  const none = { names: "", status: undefined, filters: [] };
  if (!parsed.ok) return { ...none, message: body };
  const root = Array.isArray(parsed.value) ? parsed.value[0] : parsed.value;
  const outer = isJsonObject(root) ? root : {};
  const inner = outer["error"];
  if (typeof inner === "string") return { ...none, message: inner };
  const error = isJsonObject(inner) ? inner : outer;
  const code = error["code"];
  const details = objectsAt(error, "details");
  return {
    names: [code, error["type"], error["status"], ...details.map(nameOfDetail)].filter(isText).join(" "),
    message: [error["message"], error["detail"]].filter(isText).join(" "),
    retryAfterMs: details.map(({ retryDelay }) => delayMs(retryDelay)).find((delay) => delay !== undefined),
    status: typeof code === "number" && code >= 400 && code < 600 ? code : undefined,
    filters: filtersIn(error["innererror"]),
  };
}

function filtersIn(details: Json | undefined): readonly string[] {
  const results = isJsonObject(details) ? details["content_filter_result"] : undefined;
  const isStruck = ([name, result]: readonly [string, Json]): boolean =>
    /^[a-z_]{1,40}$/.test(name) && isJsonObject(result) && result["filtered"] === true;
  return isJsonObject(results)
    ? Object.entries(results)
        .filter(isStruck)
        .map(([name]) => name)
    : [];
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string";
}

/** A detail of Google's names its reason, or at least its type: `type.googleapis.com/google.rpc.RetryInfo`. */
function nameOfDetail({ reason, "@type": type }: JsonObject): string | undefined {
  if (isText(reason)) return reason;
  return isText(type) ? type.split(".").at(-1) : undefined;
}

/** Seconds as Google writes them: `34.4s`. */
function delayMs(delay: Json | undefined): number | undefined {
  const seconds = isText(delay) ? /^(\d{1,5}(?:\.\d+)?)s$/.exec(delay)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

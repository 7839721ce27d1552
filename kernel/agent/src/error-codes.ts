/** Codes of the failures this package throws or names. */
export const modelErrorCodes = {
  "model.auth": "The provider refused the API key or its rights. Check the key and what it may use.",
  "model.rate_limited": "The provider asks to slow down. Wait for `retryAfterMs`, then ask again.",
  "model.payment_required":
    "The account has no credit left or its quota is used up. Add credit at the provider.",
  "model.context_too_long": "The conversation is longer than the model can read. Shorten the history.",
  "model.overloaded": "The provider has no capacity right now. Ask again later.",
  "model.invalid_request":
    "The provider refused the request as malformed or not supported by this model. The log has its reason.",
  "model.unsupported_content":
    "A message holds a kind of content that this protocol cannot carry, for example audio to Anthropic. Send another kind.",
  "model.not_found": "The provider knows no such model or address. Check the model's id and the base URL.",
  "model.redirected": "The address answers with a redirect. Set the base URL to the final address.",
  "model.server_error": "The provider failed. Ask again.",
  "model.network": "The connection could not be made or broke. Check the base URL and the network.",
  "model.timeout": "The provider did not accept the connection or did not begin to answer in time.",
  "model.idle_timeout": "The provider began to answer and then sent nothing for too long.",
  "model.parse": "The provider sent something that is not its own protocol. Check the base URL.",
  "model.too_large": "The provider sent more than the configured limit. The stream was closed.",
  "model.malformed_tool_call":
    "The model tried to call a tool in a way that its provider could not read. Ask again, or simplify the tool's schema.",
  "model.truncated": "The answer ended before its end marker. Nothing of it may be taken as complete.",
  "model.content_filtered": "The provider's filter refused the request or the answer.",
  "model.cancelled": "The request was cancelled on the provider's side. Ask again if it is still wanted.",
  "model.no_compatible_candidate":
    "No configured model can do what the request needs. The message has each model's reasons: choose another model, or say what it can do.",
  "choice.invalid_id": "This cannot be a model's id. Use letters, digits and . _ / @ : - only, 200 at most.",
  "choice.not_allowed":
    "The model is neither on the allowlist nor in the provider's list. Choose one that is.",
  "choice.list_unavailable":
    "The provider's list of models could not be read, so an id could not be checked. Try again, or put it on the allowlist.",
  "choice.no_tier": "No usable model is configured for the tier. Name one in the configuration.",
  "choice.router_not_configured": "No usable address of a router is configured. Set TAU_ROUTER_URL.",
  "transcript.invalid": "A transcript for the scripted model is not valid. The message names the field.",
  "cassette.exists": "A recording would overwrite a cassette. Delete the file, or pass `append: true`.",
  "cassette.exhausted":
    "A replayed request was asked more often than it was recorded. Record the cassette again.",
  "cassette.incomplete":
    "A replayed answer is read further than it was when it was recorded. Record the cassette again.",
  "cassette.invalid":
    "A cassette cannot be read, or a line of it is not of a version that this one knows. Record it again.",
  "cassette.no_match":
    "A replayed request is not on the cassette. The message shows the nearest one and where it differs.",
  "cassette.secret_left":
    "A secret stands in a binary body, where it cannot be cut out; the exchange was not recorded.",
  "cassette.write_failed": "A cassette cannot be written. Check the path and the space left.",
} as const;

/** A code of a failure of a model call. */
export type ModelErrorCode = Exclude<
  Extract<keyof typeof modelErrorCodes, `model.${string}`>,
  "model.no_compatible_candidate"
>;

/** A code of a failure of recording or replaying. */
export type CassetteErrorCode = Extract<keyof typeof modelErrorCodes, `cassette.${string}`>;

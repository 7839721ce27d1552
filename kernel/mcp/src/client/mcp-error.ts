import { isTauError, TauError } from "@tau/core";

/** What a failure of the SDK says of itself. */
interface SdkFailure {
  /** A word of the SDK, or a number of JSON-RPC. */
  readonly code: string | number | undefined;
  /** Of HTTP. */
  readonly status: number | undefined;
}

/** Reads what the SDK's errors say, whichever copy of it made them. */
export function readFailure(error: unknown): SdkFailure {
  if (!(error instanceof Error)) return { code: undefined, status: undefined };
  const code = "code" in error ? error.code : undefined;
  const status = "status" in error ? error.status : undefined;
  return {
    code: typeof code === "string" || typeof code === "number" ? code : undefined,
    status: typeof status === "number" ? status : undefined,
  };
}

const codes: Readonly<Record<string, readonly [code: string, message: string]>> = {
  REQUEST_TIMEOUT: ["mcp.timeout", "did not answer in time: raise its timeout_ms, or ask for less"],
  INVALID_RESULT: ["mcp.invalid_answer", "answered something that the protocol does not allow"],
  UNSUPPORTED_RESULT_TYPE: ["mcp.invalid_answer", "answered with a kind of result that nobody knows"],
  INPUT_REQUIRED_ROUNDS_EXCEEDED: ["mcp.invalid_answer", "asked back again and again without an end"],
  LIST_PAGINATION_EXCEEDED: ["mcp.too_large", "has a list without an end"],
  CAPABILITY_NOT_SUPPORTED: ["mcp.unsupported", "does not have what was asked for"],
  METHOD_NOT_SUPPORTED_BY_PROTOCOL_VERSION: ["mcp.unsupported", "speaks a revision that does not have this"],
  CLIENT_HTTP_AUTHENTICATION: ["mcp.unauthorized", "wants an authorization that it has not got"],
  CLIENT_HTTP_FORBIDDEN: ["mcp.unauthorized", "wants more than this authorization allows"],
};

/** Names of errors of the authorization flow that say that somebody plays foul, or is set up wrongly. */
const authorizationErrors = new Set([
  "IssuerMismatchError",
  "AuthorizationServerMismatchError",
  "InsecureTokenEndpointError",
  "RegistrationRejectedError",
  "OAuthClientFlowError",
  "OAuthError",
]);

const methodNotFound = -32_601;

/** What went wrong with a server, as an error of this package. What the server said stays in `cause`. */
export function toMcpError(server: string, error: unknown): TauError {
  if (isTauError(error)) return error;
  const { code, status } = readFailure(error);
  const name = error instanceof Error ? error.name : "";
  const failed = (of: string, what: string, retryable = false): TauError =>
    new TauError(of, `The MCP server "${server}" ${what}.`, {
      cause: error,
      ...(retryable ? { class: "retryable" } : {}),
      ...(of === "mcp.unauthorized" ? { class: "auth" } : {}),
    });
  if (authorizationErrors.has(name))
    return failed("mcp.authorization_failed", "could not be authorized at: something does not fit");
  if (name === "UnauthorizedError" || name === "InsufficientScopeError" || status === 401 || status === 403)
    return failed("mcp.unauthorized", "wants an authorization that it has not got");
  const known = typeof code === "string" && Object.hasOwn(codes, code) ? codes[code] : undefined;
  if (known !== undefined) return failed(known[0], known[1], known[0] === "mcp.timeout");
  if (code === methodNotFound) return failed("mcp.unsupported", "does not have what was asked for");
  if (typeof code === "number" && status === undefined && name === "ProtocolError")
    return failed("mcp.call_failed", "answered with an error");
  return failed("mcp.unavailable", "cannot be started or reached, or its connection broke", true);
}

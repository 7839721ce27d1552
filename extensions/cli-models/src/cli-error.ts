import type { ModelIdentity } from "@tau/agent/adapter";
import { createRedactor, modelError, providerError } from "@tau/agent/adapter";
import { isTauError, TauError } from "@tau/core";

import type { CliExit } from "./cli-process.ts";
import { CliLimitError } from "./cli-process.ts";
import type { CliFailure, CliProtocol } from "./cli-protocol.ts";

/** Whose failure it is, and what must not be told of it. */
export interface CliCall {
  readonly identity: ModelIdentity;
  readonly protocol: Pick<CliProtocol, "command" | "login" | "install">;
  readonly secrets: readonly string[];
}

/** The error of a command that said what went wrong. */
export function failureError(call: CliCall, failure: CliFailure): TauError {
  const { status = 200, type = "", message, retryAfterMs } = failure;
  if (failure.disconnected === true) {
    return modelError("model.network", call.identity, { cause: new Error(redact(call, message)) });
  }
  const body = JSON.stringify({ error: { type, message: redact(call, message) } });
  const error = providerError(call.identity, { status, headers: {}, body, secrets: [], now: Date.now() });
  if (error.code === "model.auth") return authError(call, error);
  if (retryAfterMs === undefined) return error;
  const { code, message: sentence, class: errorClass, details, cause } = error;
  return new TauError(code, sentence, { class: errorClass, details, cause, retryAfterMs });
}

/** The error of a command that ended and did not say why. */
export function diedError(call: CliCall, exit: CliExit): TauError {
  const { provider, model } = call.identity;
  return new TauError(
    "model.cli_died",
    `Provider "${provider}" (model "${model}"): its command ended with exit code ${exit.exitCode} before the answer was complete. The log has the end of its error output.`,
    {
      class: "retryable",
      details: { provider, model, exitCode: exit.exitCode },
      cause: new Error(redact(call, exit.errorOutput)),
    },
  );
}

/** The error of a command that is not there. */
export function missingError({ identity, protocol }: CliCall): TauError {
  return new TauError(
    "model.cli_missing",
    `Provider "${identity.provider}" needs the command "${protocol.command}", which is not installed or not on the PATH. Install it (${protocol.install}), or name its path as "program".`,
    { details: { provider: identity.provider, model: identity.model } },
  );
}

/** Maps what kept the command from being started or read. */
export function processError({ identity }: CliCall, error: unknown): TauError {
  if (isTauError(error) && error.code.startsWith("model.")) return error;
  if (error instanceof CliLimitError && error.limit !== "output") {
    return modelError(error.limit === "start" ? "model.timeout" : "model.idle_timeout", identity);
  }
  if (error instanceof Error && (error instanceof CliLimitError || "code" in error)) {
    const tooLarge = error instanceof CliLimitError || error.code === "CLI_OUTPUT_TOO_LARGE";
    if (tooLarge) return modelError("model.too_large", identity);
  }
  const { provider, model } = identity;
  return new TauError(
    "model.cli_died",
    `Provider "${provider}" (model "${model}"): its command could not be run. The log says why.`,
    { details: { provider, model }, cause: error },
  );
}

function authError({ identity, protocol }: CliCall, { details, cause }: TauError): TauError {
  return modelError("model.auth", identity, {
    sentence: `is not logged in, or its login is not accepted any more. Log in with \`${protocol.login}\`, with the tenant's folder as HOME`,
    details,
    cause,
  });
}

function redact({ secrets }: CliCall, text: string): string {
  return createRedactor(secrets.filter(({ length }) => length >= 4)).redact(text);
}

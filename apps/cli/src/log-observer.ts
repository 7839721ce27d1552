import type { Writable } from "node:stream";

import { isTauError } from "@tau/core";
import type { Observer } from "@tau/core";

/** Writes warnings and errors as lines of JSON, for the logs of a server. */
export function createLogObserver(out: Writable): Observer {
  return ({ name, level, traceId, tenant, attributes, error }) => {
    if (level < 13) return;
    const at = new Date().toISOString();
    out.write(
      `${JSON.stringify({ at, level, name, traceId, tenant, ...attributes, error: describe(error) })}\n`,
    );
  };
}

function describe(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (isTauError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error
    ? (error.stack ?? error.message)
    : "something that is not an error was thrown";
}

import { TauError } from "@tau/core";

/** The error for a command line that makes no sense. */
export function usageError(message: string): TauError {
  return new TauError("cli.usage", message);
}

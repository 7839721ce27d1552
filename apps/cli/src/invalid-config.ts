import { TauError } from "@tau/core";

/** The error for a configuration whose values fit their keys and make no sense all the same. */
export function invalidConfig(message: string): TauError {
  return new TauError("config.invalid", message);
}

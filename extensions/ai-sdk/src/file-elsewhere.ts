import { TauError } from "@tau/core";

/** The error for a file that a prompt only refers to: it was uploaded to a provider, and nobody else can read it there. */
export function fileElsewhere(): TauError {
  return new TauError(
    "model.unsupported_content",
    "A file that was uploaded to a provider can be sent to that provider alone: send its bytes, or its address.",
  );
}

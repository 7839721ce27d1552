import { TauError } from "@tau/core";

import type { PreflightReason } from "./preflight.ts";

/** A model that was not asked, and everything that speaks against it. */
export interface IncompatibleCandidate {
  readonly provider: string;
  readonly model: string;
  /** From preflight, or in words of one's own. */
  readonly reasons: readonly (PreflightReason | string)[];
}

/** The error for when no model can do what is needed. Its message and details hold every model's reasons. */
export function noCompatibleCandidate(skipped: readonly IncompatibleCandidate[]): TauError {
  const lines = skipped.map(
    ({ provider, model, reasons }) => `\n  ${provider}/${model}: ${reasons.map(inWords).join("; ")}`,
  );
  const head =
    skipped.length === 0
      ? "No model is configured for this request."
      : "No model can do what this request needs. Choose another model, or say in the configuration what it can do.";
  return new TauError("model.no_compatible_candidate", head + lines.join(""), {
    details: {
      skipped: skipped.map(({ provider, model, reasons }) => ({
        provider,
        model,
        reasons: reasons.map((reason) => (typeof reason === "string" ? { message: reason } : { ...reason })),
      })),
    },
  });
}

function inWords(reason: PreflightReason | string): string {
  return typeof reason === "string" ? reason : reason.message;
}

import type { ModelRequest } from "@tau/agent";
import type { ModelFinished } from "@tau/core";

/** Facts about an answer, for whoever counts. */
export type Metrics = Readonly<Record<string, number | string | boolean>>;

/** What a validator says of an answer. */
export type Verdict =
  | { readonly kind: "pass" }
  /** The answer without what was dropped; the next validator and the caller get this one. */
  | { readonly kind: "filter"; readonly answer: ModelFinished; readonly dropped: readonly string[] }
  /** The call fails, for good: nothing asks the model again. The reason is safe to show. */
  | { readonly kind: "reject"; readonly reason: string }
  | { readonly kind: "annotate"; readonly metrics: Metrics };

/**
 * Judges a whole answer before anybody gets it.
 *
 * Depends on nothing but its arguments. What it throws, and what is no verdict, is a rejection.
 */
export interface OutputValidator {
  readonly name: string;
  validate(request: ModelRequest, answer: ModelFinished): Verdict | Promise<Verdict>;
}

/** The verdict of those who have nothing to say. */
export const pass: Verdict = { kind: "pass" };

import { isTauError } from "@tau/core";

import type { EgressRow } from "../audit.ts";
import { describeTarget } from "../target.ts";
import type { Target } from "../target.ts";

/** How a request that was not carried out is recorded and answered. */
export interface Refusal extends Required<Pick<EgressRow, "decision" | "reason">> {
  /** An HTTP status. */
  readonly status: number;
}

/** The refusal that stands for what was thrown. */
export function refusalOf(error: unknown, target: Target): Refusal {
  if (!isTauError(error)) {
    return { decision: "failed", status: 502, reason: `The connection to ${describeTarget(target)} broke.` };
  }
  if (error.code === "egress.denied") return { decision: "denied", status: 403, reason: error.message };
  // A secret that cannot be read is told by its own error, whose text is for the person who set it up.
  const known = error.code.startsWith("egress.");
  return {
    decision: "failed",
    status: 502,
    reason: known ? error.message : `A credential for ${describeTarget(target)} cannot be read.`,
  };
}

/** A refusal for a reason of the proxy's own. */
export function denied(why: string): Refusal {
  return { decision: "denied", status: 403, reason: `The network refuses this: ${why}.` };
}

/** What a client reads. */
export function refusalText({ reason }: Refusal): string {
  return `tau: ${reason}\n`;
}

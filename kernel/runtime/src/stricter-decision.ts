import type { Decision } from "@tau/tools";

import type { FlowDecision } from "./flow-step.ts";

const strictness: readonly string[] = ["deny", "ask", "allow"];

/** The stricter of what the rules and the flow of information say. A person who is asked for both reasons sees both. */
export function stricter(said: Decision, flow: FlowDecision): FlowDecision {
  const { decision, reason, rule: _, review: flows, ...facts } = flow;
  const difference = strictness.indexOf(decision) - strictness.indexOf(said.decision);
  if (difference < 0) return flow;
  const both = difference === 0 && decision !== "allow";
  const { review: only, ...ruled } = said;
  // What it changes settles a question only where that is all that was asked about.
  const review = only === true && (!both || flows === true) ? { review: only } : {};
  return { ...ruled, ...review, ...(both ? { reason: `${said.reason} ${reason}` } : {}), ...facts };
}

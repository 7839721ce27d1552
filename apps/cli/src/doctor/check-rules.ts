import { policyFor } from "../open-environment.ts";
import type { Settings } from "../settings.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Reads the permission rules as a run would. Says nothing when there are none. */
export function* checkRules(settings: Settings): Generator<Finding> {
  const layers = settings.layers.map(({ layer, rules, trusted = true }) => {
    const { allow = [], ask = [], deny = [] } = rules;
    const counts = `${deny.length} deny, ${ask.length} ask, ${allow.length} allow`;
    return `${layer}: ${counts}${trusted ? "" : " (not trusted: only deny and ask count)"}`;
  });
  if (layers.length === 0) return;
  try {
    policyFor(settings, { enforced: true, profileHash: "" });
    yield { check: "rules", result: "ok", detail: layers.join("; ") };
  } catch (error) {
    yield faultOf("rules", error);
  }
}

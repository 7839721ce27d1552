import { assertRules } from "../open-environment.ts";
import type { Settings } from "../settings.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Reads the permission rules as a run would. Says nothing when there are none. */
export function* checkRules(settings: Settings): Generator<Finding> {
  const layers = settings.layers.map(({ layer, rules, flow = [], trusted = true }) => {
    const { allow = [], ask = [], deny = [] } = rules;
    const counts = `${deny.length} deny, ${ask.length} ask, ${allow.length} allow`;
    const flows = flow.length === 0 ? "" : `, ${flow.length} of flow`;
    return `${layer}: ${counts}${flows}${trusted ? "" : " (not trusted: only deny and ask count)"}`;
  });
  if (layers.length === 0) return;
  try {
    assertRules(settings);
    yield { check: "rules", result: "ok", detail: layers.join("; ") };
  } catch (error) {
    yield faultOf("rules", error);
  }
}

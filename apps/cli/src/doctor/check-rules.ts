import { policyFor } from "../open-environment.ts";
import type { Settings } from "../settings.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Reads the permission rules as a run would. Says nothing when there are none. */
export function* checkRules(settings: Settings): Generator<Finding> {
  const { allow = [], ask = [], deny = [] } = settings.rules;
  const count = allow.length + ask.length + deny.length;
  if (count === 0) return;
  const { profile: access, cwd: workspace, network } = settings;
  try {
    policyFor(settings, {
      kind: "jail",
      enforced: true,
      profile: { access, workspace, network },
      profileHash: "",
    });
    const counts = `${deny.length} deny, ${ask.length} ask, ${allow.length} allow`;
    yield { check: "rules", result: "ok", detail: counts };
  } catch (error) {
    yield faultOf("rules", error);
  }
}

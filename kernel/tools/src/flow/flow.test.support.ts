import type { EnvironmentInfo, EnvironmentProfile } from "../environment.ts";
import type { FlowCall } from "./call-facts.ts";
import type { FlowPlace } from "./flow-place.ts";

export const workspace = "/work space/app";
const home = "/home/ada";

/** What an environment says of itself. */
export function infoOf(profile: Partial<EnvironmentProfile> = {}, enforced = true): EnvironmentInfo {
  return {
    kind: enforced ? "jail" : "host",
    enforced,
    profile: { access: "workspace-write", workspace, network: false, ...profile },
    profileHash: "abc",
  };
}

/** A place to act in, vouched for unless told otherwise. */
export function placeOf(rest: Partial<FlowPlace> = {}): FlowPlace {
  return { environment: infoOf(), trustedWorkspace: true, judgedWrites: false, home, ...rest };
}

/** A call of a tool that is pure and says nothing of itself. */
export function callOf(access: FlowCall["access"], tool: Partial<FlowCall["tool"]> = {}): FlowCall {
  return { tool: { name: "tool", sideEffect: "pure", ...tool }, access };
}

/** A call of bash. */
export function bashCall(source: string): FlowCall {
  const tool = { name: "bash", sideEffect: "irreversible" } as const;
  return { tool, access: [{ kind: "command", source, cwd: workspace }], actsByCommands: true };
}

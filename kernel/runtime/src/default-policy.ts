import type { PermissionPolicy } from "@tau/tools";

/** The rules of an agent that has none: a pure tool that touches no file, command or host may run, nothing else. */
export const defaultPolicy: PermissionPolicy = {
  decide: ({ tool, access }) => {
    const harmless = tool.sideEffect === "pure" && access.every(({ kind }) => kind === "other");
    return harmless
      ? { decision: "allow", reason: "The tool is pure and touches nothing." }
      : {
          decision: "deny",
          reason: `The agent has no permission rules, so only pure tools run: give its configuration a policyFor that decides on "${tool.name}".`,
        };
  },
};

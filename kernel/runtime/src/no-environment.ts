import { TauError } from "@tau/core";
import type { Environment } from "@tau/tools";

/** The {@link Environment} of an agent that has none: its tools compute, or call services of their own. */
export const noEnvironment: Environment = {
  info: {
    kind: "none",
    enforced: true,
    profile: { access: "read-only", workspace: "/", network: false },
    profileHash: "none",
  },
  exec: refuse,
  start: refuse,
  readFile: refuse,
  writeFile: refuse,
  stat: refuse,
  realPath: refuse,
};

async function refuse(): Promise<never> {
  throw new TauError(
    "environment.unavailable",
    "This agent has no environment for files and commands: give its configuration an openEnvironment.",
  );
}

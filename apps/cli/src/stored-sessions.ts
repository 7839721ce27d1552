import { openLocalRuntime } from "./local-runtime.ts";
import type { LocalRuntime } from "./local-runtime.ts";
import { emptyConfig } from "./config-file.ts";
import { tauHome } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** Opens the sessions of this machine for commands that run no agent. */
export async function openStoredSessions(terminal: Terminal): Promise<LocalRuntime> {
  const settings = {
    home: tauHome(terminal),
    cwd: terminal.cwd,
    config: emptyConfig,
    profile: "read-only",
    approve: "never",
    environment: "jail",
    network: false,
  } as const;
  return await openLocalRuntime({ settings, takesUp: [] });
}

import { homedir, tmpdir } from "node:os";

import type { EgressGateOptions } from "@tau/egress";
import { isWithin } from "@tau/tools";
import type { OwnedEnvironment } from "@tau/tools";

import { withGate } from "./with-gate.ts";

/** What a browser runs in, and what of this machine it does not see. */
export interface BrowserJailOptions {
  /** A folder of its own. */
  readonly workspace: string;
  /** Where Chromium is: visible, whatever lies around it. */
  readonly program: string;
  /** Folders to hide: Tau's data, and the project. */
  readonly hidden: readonly string[];
  /** What it may reach, and whose it is. */
  readonly gate: EgressGateOptions;
}

/** Where the folders of browsers are: not below the home folder, all of which is hidden from them. */
export function browserFolder(): string {
  return isWithin(tmpdir(), homedir()) ? "/var/tmp" : tmpdir();
}

/** Bytes of a file that a browser may write: more than the largest download, and far less than a disk. */
const maxFileBytes = 200_000_000;
/** Bytes of all its processes together; a page that wants more ends its browser. */
const maxMemoryBytes = 3_000_000_000;

/**
 * Opens the jail of one browser: it writes its own folder alone, sees neither the home folder nor the project, and reaches
 * through a gate what the gate says. Its unix sockets reach nothing, because no service has one where the jail looks.
 *
 * @throws TauError `sandbox.*`, `egress.*`
 */
export async function openBrowserJail(options: BrowserJailOptions): Promise<OwnedEnvironment> {
  const { workspace, program, hidden, gate: way } = options;
  const [{ createEgressGate }, { createJail }] = await Promise.all([
    import("@tau/egress"),
    import("@tau/sandbox"),
  ]);
  const gate = createEgressGate(way);
  try {
    const jail = await createJail({
      profile: { access: "workspace-write", workspace, network: { hosts: way.hosts } },
      gate,
      // Chromium does not start without: it talks to its own processes by them.
      unixSockets: true,
      maskPaths: [homedir(), ...hidden].filter((folder) => !isWithin(program, folder)),
      limits: { fileBytes: maxFileBytes, memoryBytes: maxMemoryBytes },
    });
    return withGate(jail, gate);
  } catch (error) {
    await gate[Symbol.asyncDispose]();
    throw error;
  }
}

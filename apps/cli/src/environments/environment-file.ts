import type { EnvironmentProfile, OwnedEnvironment } from "@tau/tools";

import type { Finding } from "../doctor/finding.ts";
import type { GateCaller } from "../open-gate.ts";
import type { Settings } from "../settings.ts";

/** What is to be opened. */
export interface EnvironmentOrder {
  readonly settings: Settings;
  readonly profile: EnvironmentProfile;
  /** Variables of every command: the folders in which it finds programs. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders that commands see, not writable, also where the environment has something of its own in their place. */
  readonly showPaths: readonly string[];
  /** Whose commands they are, for records of what they reached. */
  readonly caller: GateCaller;
}

/** What the file of a kind gives. */
export interface EnvironmentFile {
  /** Opens it, or throws: never gives less than the profile says without saying so in `info`. @throws TauError `sandbox.*`, `egress.*` */
  open(order: EnvironmentOrder): Promise<OwnedEnvironment>;
  /** What `tau doctor` says of it: tries it with the settings' profile, in folders of its own. May throw. */
  check(settings: Settings): AsyncIterable<Finding>;
  /** What `tau doctor --sandbox` says: what is enforced, and every known way out, tried. May throw. */
  inspect(settings: Settings): AsyncIterable<Finding>;
}

import type { Module } from "@tau/tools";

import type { Finding } from "../doctor/finding.ts";
import type { Settings } from "../settings.ts";

/** What the file of a set gives. */
export interface ExtraToolsFile {
  /** Makes its tools, with their beginning and their end. Starts and loads as little as it can: most runs call none. @throws TauError `config.invalid`, `cli.usage` */
  open(settings: Settings): Promise<Module>;
  /** Looks whether what it needs is there. Changes nothing, and says what to do where something is missing. */
  check(settings: Settings): Promise<Omit<Finding, "check">>;
}

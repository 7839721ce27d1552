import type { Hook } from "@tau/runtime";
import type { Module } from "@tau/tools";

import type { Finding } from "../doctor/finding.ts";
import type { Settings } from "../settings.ts";

/** The tools of a set, and the hooks that belong to them. */
export interface ExtraModule extends Module {
  readonly hooks?: readonly Hook[];
}

/** What the file of a set gives. */
export interface ExtraToolsFile {
  /** Makes its tools, with their beginning and their end. Starts and loads as little as it can: most runs call none. @throws TauError `config.invalid`, `cli.usage` */
  open(settings: Settings): Promise<ExtraModule>;
  /** Looks whether what it needs is there. Changes nothing, and says what to do where something is missing. */
  check(settings: Settings): Promise<Omit<Finding, "check">>;
  /** Whether `check` takes no time worth speaking of, so that it is made where a person asks for the set by its name. */
  readonly isQuickToCheck?: true;
}

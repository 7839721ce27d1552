import { realpath } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";

import { isWithin } from "@tau/tools";

import { invalidConfig } from "../invalid-config.ts";

/**
 * The real path of what a configuration names. A relative one is below the folder, wherever links in it lead: who trusted
 * the name did not trust whatever the folder puts there later.
 *
 * @throws TauError `config.invalid`
 */
export async function namedPath(key: string, name: string, cwd: string): Promise<string> {
  const root = await realpath(cwd);
  const found = await realpath(resolve(root, name)).catch(() => undefined);
  if (found === undefined)
    throw invalidConfig(`${key}: ${JSON.stringify(name)} is not there, or cannot be read.`);
  if (isAbsolute(name) || isWithin(found, root)) return found;
  throw invalidConfig(
    `${key}: ${JSON.stringify(name)} leads out of the folder; name it by its absolute path.`,
  );
}

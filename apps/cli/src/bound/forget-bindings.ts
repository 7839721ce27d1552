import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { createCallContext, isTauError, isTerminal, parseJson } from "@tau/core";
import { readTextFile } from "@tau/core/files";
import type { Runtime } from "@tau/runtime";

import { bindingsFolder, boundRunIn } from "./run-bindings.ts";
import type { BoundRun } from "./run-bindings.ts";

/** Looked at in one go; the others wait for the next day. */
const maxFiles = 1_000;

/**
 * Removes what runs were bound to that were begun before a time, in milliseconds since the epoch, once they have ended: one
 * that may go on would be free. Answers how many.
 *
 * What was approved and used, in `carried-out`, stays: an approval would count again.
 */
export async function forgetBindings(
  home: string,
  before: number,
  runtime: Pick<Runtime, "getSession">,
): Promise<number> {
  const folder = bindingsFolder(home);
  const names = await readdir(folder).catch((): readonly string[] => []);
  let forgotten = 0;
  for (const name of names.slice(0, maxFiles)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || found.mtimeMs >= before) continue;
    const parsed = parseJson(await readTextFile(path, 1_000_000).catch(() => ""));
    const run = parsed.ok ? boundRunIn(parsed.value) : undefined;
    if (run === undefined || !(await hasEnded(run, runtime))) continue;
    await rm(path, { force: true });
    forgotten++;
  }
  return forgotten;
}

async function hasEnded(
  { tenant, sessionId }: BoundRun,
  runtime: Pick<Runtime, "getSession">,
): Promise<boolean> {
  const context = createCallContext({ tenant, principal: { id: "retention", kind: "service", scopes: [] } });
  try {
    return isTerminal((await runtime.getSession(sessionId, context)).status);
  } catch (error) {
    if (isTauError(error)) return error.code === "session.not_found";
    throw error;
  }
}

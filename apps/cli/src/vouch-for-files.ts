import { realpath } from "node:fs/promises";
import { relative } from "node:path";

import { createFileTaints, systemClock } from "@tau/runtime";
import type { TaintedPath } from "@tau/runtime";
import { createSqliteStore } from "@tau/store-sqlite";

import { exitCodes } from "./exit-codes.ts";
import { localContext, localTenant } from "./local-context.ts";
import { visible } from "./plain-text.ts";
import { storeDirectory, tauHome } from "./tau-home.ts";
import { writeLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Shows the files of a folder that sessions wrote untrusted text to and, once `isWanted` says so, lets them count as the
 * others do.
 */
export async function vouchForFiles(
  folder: string,
  terminal: Terminal,
  isWanted: (what: string) => Promise<boolean>,
): Promise<number> {
  await using store = await createSqliteStore({ directory: storeDirectory(tauHome(terminal)) });
  const taints = createFileTaints(store.journal, systemClock);
  const workspace = await realpath(folder);
  const place = { tenant: localTenant, workspace };
  const { principal, signal } = localContext(terminal);
  const marked = await taints.list(place, signal);
  if (marked.length === 0) {
    writeLine(terminal, `No session wrote untrusted text to a file below ${visible(workspace)}.`);
    return exitCodes.ok;
  }
  for (const one of marked) writeLine(terminal, visible(lineOf(one, workspace)));
  if (!(await isWanted("these files"))) {
    writeLine(terminal, "Not trusted; nothing was changed.");
    return exitCodes.denied;
  }
  await taints.vouch(place, { by: principal.id, files: marked }, signal);
  writeLine(terminal, "Trusted as they are. What sessions write from now on is marked anew.");
  return exitCodes.ok;
}

function lineOf({ path, sha256, label }: TaintedPath, workspace: string): string {
  const name = relative(workspace, path) || ".";
  const any = sha256 === undefined ? " (whatever is there)" : "";
  return `${name}${any}   from ${label.origins.join(", ")}`;
}

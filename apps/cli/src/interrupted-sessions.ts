import { realpath } from "node:fs/promises";
import { resolve } from "node:path";

import { isJsonObject, parseJson } from "@tau/core";
import { idleEngineEvent } from "@tau/runtime";
import type { Journal } from "@tau/runtime";

import { isIn } from "./bound/served-folders.ts";
import { localTenant } from "./local-context.ts";
import { workspaceKey } from "./open-environment.ts";

const prefix = "engine/";
const pageSize = 500;

/**
 * Sessions with a run that nobody finished and that work in one of `roots`, below it, or nowhere in particular; the roots without
 * links. What a session says is relative to the first of them, or absolute.
 */
export async function interruptedSessions(
  journal: Journal,
  roots: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  let before: string | undefined;
  for (;;) {
    const page = await journal.list(localTenant, {
      prefix,
      limit: pageSize,
      ...(before === undefined ? {} : { before }),
    });
    for (const { stream, lastType } of page) {
      const sessionId = stream.slice(prefix.length);
      if (lastType !== idleEngineEvent && (await worksIn(journal, sessionId, roots))) found.push(sessionId);
    }
    before = page.at(-1)?.stream;
    if (before === undefined || page.length < pageSize) return found;
  }
}

async function worksIn(journal: Journal, sessionId: string, roots: readonly string[]): Promise<boolean> {
  const id = { tenant: localTenant, stream: `session/${sessionId}` };
  for await (const [first] of journal.read(id, 1, new AbortController().signal)) {
    const workspace = workspaceIn(first?.body ?? "");
    if (workspace === undefined) return true;
    const named = resolve(roots[0] ?? ".", workspace);
    const folder = await realpath(named).catch(() => named);
    return roots.some((root) => isIn(folder, root));
  }
  return false;
}

/** The workspace that a session's first event names. */
function workspaceIn(body: string): string | undefined {
  const parsed = parseJson(body);
  const bootstrap = parsed.ok && isJsonObject(parsed.value) ? parsed.value["bootstrap"] : undefined;
  if (!Array.isArray(bootstrap)) return undefined;
  const entry: unknown = bootstrap.find((one) => isJsonObject(one) && one["key"] === workspaceKey);
  return isJsonObject(entry) && typeof entry["content"] === "string" ? entry["content"] : undefined;
}

import type { CallContext } from "@tau/core";
import type { Tool } from "@tau/tools";

import { browserDefaults } from "./browser-options.ts";
import type { BrowserOptions } from "./browser-options.ts";
import { createBrowserSession } from "./browser-session.ts";
import type { BrowserSession } from "./browser-session.ts";
import type { BrowserHost } from "./browser-tool.ts";
import { createActTools } from "./tools/act-tools.ts";
import { createEvaluateTool } from "./tools/evaluate-tool.ts";
import { createFileTools } from "./tools/file-tools.ts";
import { createLookTools } from "./tools/look-tools.ts";
import { createNavigateTool } from "./tools/navigate-tool.ts";
import { createTabTools } from "./tools/tab-tools.ts";

/** The tools of a browser. Disposing of it ends every browser that they started. */
export interface BrowserTools extends AsyncDisposable {
  readonly tools: readonly Tool[];
}

/**
 * Makes the tools of a browser. Each run gets a browser of its own, with an empty profile, when a call opens a page; it ends with
 * the run, or when nobody calls it for long. Nothing is started or loaded before.
 */
export function createBrowser(options: BrowserOptions): BrowserTools {
  const sessions = new Map<string, BrowserSession>();
  const host: BrowserHost = {
    options,
    loadMs: options.loadMs ?? browserDefaults.loadMs,
    answerMs: options.answerMs ?? browserDefaults.answerMs,
    sessionOf({ call, atRunEnd }) {
      const key = runOf(call);
      const known = sessions.get(key);
      if (known !== undefined) return known;
      const session = createBrowserSession(options);
      sessions.set(key, session);
      atRunEnd?.(async () => {
        sessions.delete(key);
        await session[Symbol.asyncDispose]();
      });
      return session;
    },
  };
  return {
    tools: [
      createNavigateTool(host),
      ...createLookTools(host),
      ...createActTools(host),
      ...createTabTools(host),
      ...createFileTools(host),
      ...(options.scripts === true ? [createEvaluateTool(host)] : []),
    ],
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.values().map((session) => session[Symbol.asyncDispose]()));
      sessions.clear();
    },
  };
}

/** Not the environment: runs of several tenants may have one in common, or none. */
function runOf({ tenant, sessionId, traceId, runPath }: CallContext): string {
  return JSON.stringify([tenant, sessionId, traceId, runPath]);
}

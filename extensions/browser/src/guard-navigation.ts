import type { Browser, CDPSession } from "playwright-core";

import { hostOf } from "./page-host.ts";

/** Keeps tabs from hosts that no call was about. */
export interface NavigationGuard {
  /** Hosts that some call was about, and so was decided on. */
  readonly decided: Set<string>;
  /** Where a page wanted to go since the last `begin`, and was not let. */
  readonly refused: string | undefined;
  /** Forgets what was refused so far. */
  begin(): void;
  /** Says who is told the address of what is refused. */
  onRefused(listener: (url: string) => void): void;
}

/**
 * Looks at every address that a tab is about to go to, each step of a redirect and each new window by itself, before anything
 * is sent there. What a page has frames of or loads besides is not a step of an agent: of that, the network decides.
 */
export async function guardNavigation(browser: Browser): Promise<NavigationGuard> {
  const session = await browser.newBrowserCDPSession();
  const decided = new Set<string>();
  let refused: string | undefined;
  let listener: ((url: string) => void) | undefined;
  const judge = async ({ requestId, request: { url }, frameId }: PausedEvent): Promise<void> => {
    const host = hostOf(url);
    if (host === undefined || decided.has(host) || !(await isTab(session, frameId))) {
      await session.send("Fetch.continueRequest", { requestId });
      return;
    }
    refused = url;
    listener?.(url);
    // As if somebody had stopped it: the tab stays where it is.
    await session.send("Fetch.failRequest", { requestId, errorReason: "Aborted" });
  };
  session.on("Fetch.requestPaused", (event) => {
    // A tab that is gone meanwhile asks for nothing any more.
    judge(event).catch(() => undefined);
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: "*", resourceType: "Document" }] });
  return {
    decided,
    get refused() {
      return refused;
    },
    begin: () => (refused = undefined),
    onRefused: (told) => (listener = told),
  };
}

interface PausedEvent {
  readonly requestId: string;
  readonly frameId: string;
  readonly request: { readonly url: string };
}

/** The main frame of a tab has its target's id; other frames have none, or are targets of another type. */
async function isTab(session: CDPSession, frameId: string): Promise<boolean> {
  const found = await session.send("Target.getTargetInfo", { targetId: frameId }).catch(() => undefined);
  return found !== undefined && found.targetInfo.type !== "iframe";
}

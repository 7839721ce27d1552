import { TauError } from "@tau/core";
import type { ToolContext } from "@tau/tools";

import { browserDefaults } from "./browser-options.ts";
import type { BrowserOptions } from "./browser-options.ts";
import { openChromium } from "./open-chromium.ts";
import type { Chromium } from "./open-chromium.ts";
import { noPage, watchTabs } from "./tabs.ts";
import type { Tabs } from "./tabs.ts";
import { untilAborted } from "./until-aborted.ts";

/** What a call works with. */
export interface OpenBrowser {
  readonly tabs: Tabs;
  readonly downloads: Chromium["downloads"];
  readonly navigation: Chromium["navigation"];
  /** Hosts that some call was about, and so was decided on. */
  readonly decided: Set<string>;
}

/** The browser of one run. It is started by the first call that opens a page, and ends when nobody calls it for long. */
export interface BrowserSession extends AsyncDisposable {
  /**
   * Carries out calls one after the other. `opens`: whether the call may start a browser where there is none.
   *
   * Throws `browser.no_page`, `browser.crashed`, the signal's reason, what starting a browser throws, and what `act` throws.
   */
  run<T>(
    act: (browser: OpenBrowser) => Promise<T>,
    how: { readonly opens: boolean },
    context: ToolContext,
  ): Promise<T>;
  /** Ends the browser; the next call may start another one. */
  end(): Promise<void>;
}

interface Running extends OpenBrowser {
  readonly chromium: Chromium;
}

/** Makes the {@link BrowserSession} of one run; starts nothing. */
export function createBrowserSession(options: BrowserOptions): BrowserSession {
  const { idleMs = browserDefaults.idleMs } = options;
  const closing = new AbortController();
  let running: Running | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let idle: ReturnType<typeof setTimeout> | undefined;

  const end = async (): Promise<void> => {
    const ending = running;
    running = undefined;
    await ending?.chromium[Symbol.asyncDispose]();
  };
  const endQuietly = (): void => {
    end().catch(() => undefined);
  };
  const open = async (opens: boolean, context: ToolContext): Promise<Running> => {
    if (running?.chromium.ended.aborted === true) await end();
    if (running !== undefined) return running;
    if (!opens) throw noPage();
    const chromium = await openChromium(options, context, AbortSignal.any([context.signal, closing.signal]));
    const { context: pages, downloads, navigation } = chromium;
    const { decided } = navigation;
    running = { chromium, tabs: watchTabs(pages, navigation), downloads, navigation, decided };
    return running;
  };
  const once = async <T>(
    act: (browser: OpenBrowser) => Promise<T>,
    browser: Running,
    signal: AbortSignal,
  ): Promise<T> => {
    const { ended } = browser.chromium;
    browser.chromium.beginCall();
    const stop = AbortSignal.any([signal, ended]);
    try {
      return await Promise.race([act(browser), untilAborted(stop)]);
    } catch (error) {
      // What Playwright says of a browser that is gone tells nobody what happened.
      stop.throwIfAborted();
      throw error;
    }
  };
  const inTurn = async <T>(turn: () => Promise<T>): Promise<T> => {
    const before = queue;
    const mine = (async () => {
      await before;
      clearTimeout(idle);
      try {
        return await turn();
      } finally {
        idle = setTimeout(endQuietly, idleMs).unref();
      }
    })();
    queue = mine.catch(() => undefined);
    return await mine;
  };
  return {
    run: async (act, { opens }, context) =>
      await inTurn(async () => {
        context.signal.throwIfAborted();
        closing.signal.throwIfAborted();
        return await once(act, await open(opens, context), context.signal);
      }),
    end: async () => await inTurn(end),
    async [Symbol.asyncDispose]() {
      closing.abort(new TauError("browser.crashed", "The browser was closed, because its run ended."));
      await running?.chromium[Symbol.asyncDispose]();
      await queue;
      clearTimeout(idle);
      await end();
    },
  };
}

import { TauError } from "@tau/core";
import type { BrowserContext, Dialog, Page } from "playwright-core";

import { maxTabs } from "./browser-options.ts";
import type { NavigationGuard } from "./guard-navigation.ts";
import { watchConsole } from "./page-console.ts";
import type { PageConsole } from "./page-console.ts";
import { hostOf } from "./page-host.ts";

/** The tabs of a browser, and what happened in them by itself. */
export interface Tabs {
  /** By number, in the order in which they were opened. */
  list(): ReadonlyMap<number, Page>;
  /** The tab that calls are about. @throws TauError `browser.no_page` */
  current(): { readonly number: number; readonly page: Page };
  /** Makes another one current. @throws TauError `browser.no_page` */
  select(number: number): void;
  /** The current tab, or a new one where there is none. */
  currentOrNew(): Promise<Page>;
  /** The console of the current tab. @throws TauError `browser.no_page` */
  console(): PageConsole;
  /** What happened since the last time that somebody asked, a sentence each. */
  takeNotes(): readonly string[];
}

const maxNotes = 10;
const maxNoteChars = 300;

/** Watches the tabs of a browser: dialogs are dismissed, there are never more than some, and no tab shows what belongs to no web. */
export function watchTabs(context: BrowserContext, navigation: NavigationGuard): Tabs {
  const tabs = new Map<number, Page>();
  const consoles = new WeakMap<Page, PageConsole>();
  let notes: string[] = [];
  let last = 0;
  let chosen = 0;
  let refused = 0;
  const note = (text: string): void => {
    const line = text.replaceAll(/\s+/gu, " ");
    if (notes.length < maxNotes)
      notes.push(line.length > maxNoteChars ? `${line.slice(0, maxNoteChars)}…` : line);
  };
  const close = (page: Page): void => {
    page.close({ runBeforeUnload: false }).catch(() => undefined);
  };
  const add = (page: Page): void => {
    if (tabs.size >= maxTabs) {
      close(page);
      if (refused === 0)
        note(`There are ${maxTabs} tabs, which is as many as there may be; another one was closed.`);
      refused += 1;
      return;
    }
    last += 1;
    const number = last;
    if (tabs.size > 0) note(`Tab ${number} was opened by a page. To go there, use browser_tabs.`);
    tabs.set(number, page);
    consoles.set(page, watchConsole(page));
    if (!tabs.has(chosen)) chosen = number;
    page.on("dialog", (dialog) => answerDialog(dialog, note));
    page.on("close", () => tabs.delete(number));
    page.on("crash", () => {
      note(`The page in tab ${number} crashed, so that the tab was closed.`);
      close(page);
    });
    page.on("framenavigated", (frame) => {
      if (frame !== page.mainFrame() || isOfTheWeb(frame.url())) return;
      note(`Tab ${number} went to an address that is not of the web, so that it was closed.`);
      close(page);
    });
  };
  navigation.onRefused((url) => note(refusedText(url)));
  context.on("page", add);
  for (const page of context.pages()) add(page);
  const current = (): { readonly number: number; readonly page: Page } => {
    const number = tabs.has(chosen) ? chosen : (tabs.keys().toArray().at(-1) ?? 0);
    const page = tabs.get(number);
    if (page === undefined) throw noPage();
    chosen = number;
    return { number, page };
  };
  return {
    list: () => tabs,
    current,
    console() {
      const found = consoles.get(current().page);
      if (found === undefined) throw noPage();
      return found;
    },
    select(number) {
      if (!tabs.has(number)) {
        const known = tabs.keys().toArray().join(", ") || "none";
        throw new TauError("browser.no_page", `There is no tab ${number}; there is: ${known}.`);
      }
      chosen = number;
    },
    async currentOrNew() {
      const page = tabs.get(chosen) ?? tabs.values().toArray().at(-1);
      return page ?? (await context.newPage());
    },
    takeNotes() {
      const taken = notes;
      notes = [];
      refused = 0;
      return taken;
    },
  };
}

/** The error of calls that need a page where there is none. */
export function noPage(): TauError {
  return new TauError(
    "browser.no_page",
    "No page is open: none was opened yet, or the browser ended after minutes without a call. Use browser_navigate first.",
  );
}

const maxUrlChars = 200;

function refusedText(url: string): string {
  return `A page wanted to go to ${url.slice(0, maxUrlChars)}, which no call was about so far, so that nobody was asked there. To go there, use browser_navigate.`;
}

function isOfTheWeb(url: string): boolean {
  return hostOf(url) !== undefined || /^(?:about:blank|about:srcdoc|data:|blob:|chrome-error:)/u.test(url);
}

/** Nobody is there to answer. Whoever is asked whether to leave leaves: else a page could hold its tab for ever. */
function answerDialog(dialog: Dialog, note: (text: string) => void): void {
  const leaving = dialog.type() === "beforeunload";
  note(
    leaving
      ? "The page asked whether to be left; it was."
      : `The page showed a dialog (${dialog.type()}), which was dismissed: ${JSON.stringify(dialog.message())}`,
  );
  (leaving ? dialog.accept() : dialog.dismiss()).catch(() => undefined);
}

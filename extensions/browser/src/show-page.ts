import { TauError } from "@tau/core";
import type { ToolOutput } from "@tau/tools";
import { textOutput } from "@tau/tools";
import type { Page } from "playwright-core";

import { assertHost, elementAt, hostOf, labelOfPage } from "./page-host.ts";
import type { OpenBrowser } from "./browser-session.ts";

/** What of a page is shown. */
export interface ShownPage {
  /** Milliseconds that the page gets to answer. */
  readonly answerMs: number;
  /** Characters of its snapshot. */
  readonly maxChars: number;
  /** Only what is in this element. */
  readonly ref?: string;
}

/** Of what actions show beside what they did. */
export const briefChars = 8_000;
/** Of a snapshot that was asked for. */
export const fullChars = 30_000;
const maxUrlChars = 500;
const maxTitleChars = 200;

/**
 * Shows the current tab: where it is, what happened, and its accessibility tree with references.
 *
 * @throws TauError `browser.wrong_host` where it has gone to a host that no call was about
 */
export async function showPage(
  { tabs, decided }: Pick<OpenBrowser, "tabs" | "decided">,
  { answerMs, maxChars, ref }: ShownPage,
): Promise<ToolOutput> {
  const { number, page } = tabs.current();
  const tree = await answered(page, answerMs, async () => {
    const options = { mode: "ai", timeout: answerMs } as const;
    return ref === undefined
      ? await page.ariaSnapshot(options)
      : await (await elementAt(page, ref)).ariaSnapshot(options);
  });
  const title = await answered(page, answerMs, async () => await page.title());
  assertHost(page, decided);
  const host = hostOf(page.url()) ?? "";
  const lines = [
    `Tab ${number} · host ${host} · ${page.url().slice(0, maxUrlChars)}`,
    ...(title === "" ? [] : [`Title: ${title.replaceAll(/\s+/gu, " ").slice(0, maxTitleChars)}`]),
    ...tabs.takeNotes(),
    "",
    clip(tree, maxChars),
  ];
  return textOutput(lines.join("\n"), { details: { tab: number, host }, label: labelOfPage(page) });
}

function clip(tree: string, maxChars: number): string {
  if (tree === "") return "(The page shows nothing.)";
  if (tree.length <= maxChars) return tree;
  const end = tree.lastIndexOf("\n", maxChars);
  const shown = tree.slice(0, end > 0 ? end : maxChars);
  return `${shown}\n[${tree.length - shown.length} more characters. Use browser_snapshot, with the ref of the part that you want.]`;
}

/** Milliseconds that a page gets to show that it is alive at all. */
const aliveMs = 3_000;

/**
 * Asks a page something. One that keeps its thread busy loses its tab, since nothing can be asked of it any more.
 *
 * @throws TauError `browser.busy_page`, `browser.action_failed`
 */
export async function answered<T>(page: Page, answerMs: number, ask: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("Timeout")), answerMs + aliveMs);
  try {
    return await Promise.race([ask(), late.promise]);
  } catch (error) {
    if (error instanceof TauError) throw error;
    if (await isAlive(page)) throw actionFailed(error);
    await page.close({ runBeforeUnload: false }).catch(() => undefined);
    throw new TauError(
      "browser.busy_page",
      "The page is busy and answers nothing, so that its tab was closed.",
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

async function isAlive(page: Page): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), aliveMs);
  page.evaluate("1").then(
    () => resolve(true),
    () => resolve(page.isClosed()),
  );
  const alive = await promise;
  clearTimeout(timer);
  return alive;
}

const maxReasonChars = 400;
/** A page can have a part in what is said. */
const maxSaidChars = 2_000;

/** What Playwright says, in its first lines: the rest is a log of its tries. */
function actionFailed(error: unknown): TauError {
  const said = error instanceof Error ? error.message : String(error);
  const [reason = ""] = said.slice(0, maxSaidChars).split(/\nCall log:|\n\s*at /u);
  const text = reason
    .replaceAll(/\p{Cc}\[[\d;]*m/gu, "")
    .replaceAll(/\s+/gu, " ")
    .trim()
    .slice(0, maxReasonChars);
  return new TauError("browser.action_failed", `${text}.`.replace("..", "."), { cause: error });
}

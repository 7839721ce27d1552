import type { ConsoleMessage, Page } from "playwright-core";

/** What a page wrote to its console since it was opened. */
export interface PageConsole {
  /** The newest lines, the oldest of them first; says so where more came than are kept. */
  lines(most: number): readonly string[];
}

/** A page may write without end: behind so many messages nobody listens to this one any more. */
const maxMessages = 500;
const maxChars = 500;

/** Listens to what a tab writes; what the page before wrote is forgotten. */
export function watchConsole(page: Page): PageConsole {
  let kept: string[] = [];
  const keep = (kind: string, text: string): void => {
    const line = text.replaceAll(/\s+/gu, " ");
    kept.push(`${kind}: ${line.length > maxChars ? `${line.slice(0, maxChars)}…` : line}`);
    if (kept.length === maxMessages) stop();
  };
  const onMessage = (message: ConsoleMessage): void => {
    keep(message.type(), message.text());
    // Else each value that was written stays alive in the page, and its handle here.
    for (const value of message.args()) value.dispose().catch(() => undefined);
  };
  const onError = ({ name, message }: Error): void => keep("error", `${name}: ${message}`);
  const listen = (): void => {
    page.on("console", onMessage);
    page.on("pageerror", onError);
  };
  const stop = (): void => {
    page.off("console", onMessage);
    page.off("pageerror", onError);
  };
  listen();
  page.on("framenavigated", (frame) => {
    if (frame !== page.mainFrame()) return;
    stop();
    kept = [];
    listen();
  });
  return {
    lines(most) {
      const note = `[What came after ${maxMessages} messages is not kept.]`;
      return [...kept.slice(-most), ...(kept.length === maxMessages ? [note] : [])];
    },
  };
}

import { clip } from "./plain-text.ts";
import type { Style } from "./style.ts";
import type { Terminal } from "./terminal.ts";

/** One line at the bottom that says what is going on right now; gone as soon as there is something to say. */
export interface StatusLine {
  /** What is going on, not cleaned yet. Shown when it lasts. */
  show(text: string): void;
  /** Takes the line away, before anything else is written. */
  clear(): void;
}

const firstAfterMs = 300;
const everyMs = 1_000;

/** On a terminal a line that is drawn over; elsewhere nothing at all. */
export function createStatusLine(terminal: Terminal, style: Style): StatusLine {
  const { stdout, env } = terminal;
  if (stdout.isTTY !== true || env["TERM"] === "dumb")
    return { show: () => undefined, clear: () => undefined };
  let what: string | undefined;
  let since = 0;
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    if (what === undefined) return;
    const seconds = Math.floor((Date.now() - since) / 1000);
    const time = seconds === 0 ? "" : `  ${seconds} s`;
    // A terminal that does not know its width says 0.
    const columns = stdout.columns === undefined || stdout.columns === 0 ? 80 : stdout.columns;
    const text = clip(what, Math.max(10, columns - time.length - 6));
    stdout.write(`\r\u001b[2K${style("dim", `  ⋯ ${text}${time}`)}`);
    drawn = true;
    timer = setTimeout(draw, everyMs).unref();
  };

  return {
    show(text) {
      if (what === undefined) {
        since = Date.now();
        timer = setTimeout(draw, firstAfterMs).unref();
      }
      what = text;
    },
    clear() {
      clearTimeout(timer);
      what = undefined;
      if (drawn) stdout.write("\r\u001b[2K");
      drawn = false;
    },
  };
}

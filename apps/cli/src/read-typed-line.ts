import type { Readable } from "node:stream";
import { createInterface } from "node:readline";
import { setImmediate as turn } from "node:timers/promises";

/**
 * Reads the next line that a person types; undefined at the end of input. What was typed before does not
 * count: it cannot be an answer to a question that was not shown yet.
 *
 * The terminal stays in its normal mode, so that it edits the line and turns Ctrl-C into a signal.
 *
 * Throws the reason of `signal`.
 */
export async function readTypedLine(stdin: Readable, signal: AbortSignal): Promise<string | undefined> {
  await dropTyped(stdin);
  signal.throwIfAborted();
  if (stdin.readableEnded || stdin.destroyed) return undefined;
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      lines.once("line", resolve);
      lines.once("close", () => resolve(undefined));
    });
  } finally {
    lines.close();
  }
}

/** A terminal gives one line at each turn of the event loop: reads until a turn brings none. */
async function dropTyped(stdin: Readable): Promise<void> {
  let typed = true;
  const seen = (): void => {
    typed = true;
  };
  stdin.on("data", seen);
  while (typed && !stdin.readableEnded) {
    typed = false;
    await turn();
    await turn();
  }
  stdin.off("data", seen);
  stdin.pause();
}

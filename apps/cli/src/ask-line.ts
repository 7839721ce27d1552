import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import { setImmediate as turn } from "node:timers/promises";

import type { Terminal } from "./terminal.ts";

/**
 * Shows a prompt and reads the line that a person types; undefined at the end of input. What was typed before
 * does not count: it cannot be an answer to a question that was not shown yet.
 *
 * The terminal stays in its normal mode, so that it edits the line and turns Ctrl-C into a signal.
 *
 * Throws the reason of `signal`.
 */
export async function askLine(
  { stdin, stdout }: Pick<Terminal, "stdin" | "stdout">,
  prompt: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  if (stdin.readableEnded || stdin.destroyed) return undefined;
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    const ended = new Promise<undefined>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      lines.once("close", () => resolve(undefined));
    });
    const asked = async (): Promise<string> => {
      await dropTyped(lines);
      stdout.write(prompt);
      return await new Promise((resolve) => lines.once("line", resolve));
    };
    return await Promise.race([asked(), ended]);
  } finally {
    lines.close();
  }
}

/** A terminal gives one line at each turn of the event loop: waits for a turn that brings none. */
async function dropTyped(lines: Interface): Promise<void> {
  let typed = true;
  const seen = (): void => {
    typed = true;
  };
  lines.on("line", seen);
  while (typed) {
    typed = false;
    await turn();
    await turn();
  }
  lines.off("line", seen);
}

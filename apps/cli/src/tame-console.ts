import { format } from "node:util";

import { visible } from "./plain-text.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Has libraries that print for themselves write to standard error, with everything that has no shape written out: they quote
 * what servers say, which could clear the screen and paint a question of its own.
 */
export function tameConsole({ stderr }: Pick<Terminal, "stderr">): void {
  const print = (...words: readonly unknown[]): void => {
    stderr.write(`${visible(format(...words))}\n`);
  };
  Object.assign(console, { debug: print, error: print, info: print, log: print, warn: print });
}

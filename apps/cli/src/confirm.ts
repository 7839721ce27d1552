import { askLine } from "./ask-line.ts";
import { createStyle } from "./style.ts";
import { isInteractive } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/** Asks a person whether they want something that they have just been shown. @throws TauError `cli.usage` */
export async function confirmed(
  { terminal, yes }: { readonly terminal: Terminal; readonly yes: boolean },
  question: string,
): Promise<boolean> {
  if (yes) return true;
  if (!isInteractive(terminal)) throw usageError("Nobody can be asked here: read it, then say --yes.");
  const prompt = createStyle(terminal)("bold", `${question} [y]es or [n]o: `);
  const said = await askLine(terminal, prompt, new AbortController().signal);
  return /^y(es)?$/iu.test(said?.trim() ?? "");
}

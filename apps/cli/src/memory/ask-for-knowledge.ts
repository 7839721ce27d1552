import { askLine } from "../ask-line.ts";
import { visible } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import type { Terminal } from "../terminal.ts";

/** Something that should be known, as a person is asked for it. */
export interface AskedKnowledge {
  readonly requirementId: string;
  readonly question: string;
  readonly reason: string;
}

/** Asks the person at a terminal what is not known; what they do not know is left out. */
export async function askForKnowledge(
  questions: readonly AskedKnowledge[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly { readonly requirementId: string; readonly value: string }[]> {
  const style = createStyle(terminal);
  const answers: { requirementId: string; value: string }[] = [];
  for (const { requirementId, question, reason } of questions) {
    terminal.stdout.write(
      `${style("bold", visible(question))}\n  ${visible(reason)} Empty: I do not know.\n`,
    );
    const value = (await askLine(terminal, "> ", signal))?.trim() ?? "";
    if (value !== "") answers.push({ requirementId, value });
  }
  return answers;
}

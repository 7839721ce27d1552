import type { PersonQuestion } from "@tau/core";

import type { PersonAnswer } from "./ask-person.ts";
import { askLine } from "./ask-line.ts";
import { visible } from "./plain-text.ts";
import { createStyle } from "./style.ts";
import type { Terminal } from "./terminal.ts";
import { writeLine } from "./terminal.ts";

/**
 * Asks on the terminal what the model wants to know. A number chooses an option, anything else is the answer itself; an
 * empty line asks again, and the end of input leaves the question unanswered.
 *
 * Throws the reason of `signal`, for a question that somebody else answered.
 */
export async function answerQuestion(
  { text, options = [] }: PersonQuestion,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<PersonAnswer> {
  const style = createStyle(terminal);
  writeLine(terminal, style("yellow", "    The model asks:"));
  writeLine(terminal, visible(text).replaceAll(/^/gmu, "      "));
  for (const [index, option] of options.entries())
    writeLine(terminal, `      ${index + 1}. ${visible(option).replaceAll("\n", " ")}`);
  const prompt = options.length === 0 ? "    Your answer: " : "    A number, or your own answer: ";
  for (;;) {
    const said = await askLine(terminal, style("bold", prompt), signal);
    if (said === undefined) {
      terminal.stdout.write("\n");
      return { answer: "deny", note: "Nobody was there to answer." };
    }
    const note = options[Number(said) - 1] ?? said.trim();
    if (note !== "") return { answer: "answer", note };
  }
}

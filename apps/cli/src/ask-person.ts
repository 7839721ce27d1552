import type { ApprovalAnswer, ApprovalRequested, Remember } from "@tau/core";

import { askLine } from "./ask-line.ts";
import { inDays, termLines } from "./grant-lines.ts";
import { visible } from "./plain-text.ts";
import { heldLines } from "./held-lines.ts";
import { readableArguments } from "./readable-arguments.ts";
import { sourceLine } from "./source-line.ts";
import { createStyle } from "./style.ts";
import type { Terminal } from "./terminal.ts";
import { writeLine } from "./terminal.ts";

/** What a person said to a question. */
export interface PersonAnswer {
  readonly answer: ApprovalAnswer;
  readonly note?: string;
  readonly remember?: Remember;
}

/**
 * Asks on the terminal. Shows the whole of what would run, with everything that has no shape written out:
 * what a person cannot see, they cannot allow. Anything but a clear answer asks again; the end of input denies.
 *
 * Throws the reason of `signal`, for a question that somebody else answered.
 */
export async function askPerson(
  question: ApprovalRequested,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<PersonAnswer> {
  const style = createStyle(terminal);
  const unknown = question.reason === "unknown_effect";
  writeLine(
    terminal,
    style(
      "yellow",
      unknown ? `    ${visible(question.tool)} was running:` : `    ${visible(question.tool)} wants to run:`,
    ),
  );
  writeLine(terminal, readableArguments(question.arguments).replaceAll(/^/gmu, "      "));
  for (const line of heldLines(question.held, style)) writeLine(terminal, line);
  const sources = sourceLine(question);
  if (sources !== undefined) writeLine(terminal, style("yellow", `    ${sources}`));
  const { grant, times } = question;
  if (times !== undefined)
    writeLine(terminal, `      The same ${times} times; the answer is for all of them.`);
  if (grant !== undefined) {
    writeLine(terminal, `    For longer it would be exactly this, for ${inDays(grant.ttlMs)} at most:`);
    for (const line of termLines(grant)) writeLine(terminal, `      ${visible(line)}`);
  }
  const keeps = question.held === undefined ? "Allow it once?" : "Keep these changes?";
  const longer = grant === undefined ? "" : "for this [s]ession, [a]lways, ";
  const prompt = unknown
    ? "    Did it happen? [r] run it again, [d] it is done, [n] neither, or n and why: "
    : `    ${keeps} [y]es, ${longer}[n]o, or n and why: `;
  for (;;) {
    const said = await askLine(terminal, style("bold", prompt), signal);
    if (said === undefined) {
      terminal.stdout.write("\n");
      return { answer: "deny", note: "Nobody was there to answer." };
    }
    const answer = toAnswer(said.trim(), { unknown, longer: grant !== undefined });
    if (answer !== undefined) return answer;
  }
}

const allowed: Readonly<Record<string, ApprovalAnswer>> = { y: "allow", yes: "allow" };
const settled: Readonly<Record<string, ApprovalAnswer>> = {
  r: "rerun",
  rerun: "rerun",
  d: "done",
  done: "done",
};

/** Undefined for what is not clear. */
function toAnswer(
  said: string,
  { unknown, longer }: { readonly unknown: boolean; readonly longer: boolean },
): PersonAnswer | undefined {
  const answers = unknown ? settled : allowed;
  const word = said.toLowerCase();
  if (longer && /^s(ession)?$/u.test(word)) return { answer: "allow", remember: "session" };
  if (longer && /^a(lways)?$/u.test(word)) return { answer: "allow", remember: "always" };
  const answer = Object.hasOwn(answers, word) ? answers[word] : undefined;
  if (answer !== undefined) return { answer };
  const [matched, why = ""] = /^(?:no?|neither)(?:[,:;.]\s*|\s+|$)(.*)$/iu.exec(said) ?? [];
  if (matched === undefined) return undefined;
  return why === "" ? { answer: "deny" } : { answer: "deny", note: why };
}

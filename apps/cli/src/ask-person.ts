import { createInterface } from "node:readline/promises";

import type { ApprovalAnswer, ApprovalRequested } from "@tau/core";

import { createStyle, plain } from "./style.ts";
import type { Terminal } from "./terminal.ts";
import { writeLine } from "./terminal.ts";

/** What a person said to a question. */
export interface PersonAnswer {
  readonly answer: ApprovalAnswer;
  readonly note?: string;
}

const approvalKeys: Readonly<Record<string, ApprovalAnswer>> = {
  y: "allow",
  yes: "allow",
  n: "deny",
  no: "deny",
};
const unknownKeys: Readonly<Record<string, ApprovalAnswer>> = { r: "rerun", d: "done", n: "deny" };

/**
 * Asks on the terminal. Shows the whole of what would run, cleaned of control characters: what a person
 * cannot see, they cannot allow. Anything but a clear answer asks again; the end of input denies.
 */
export async function askPerson(
  question: ApprovalRequested,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<PersonAnswer> {
  const style = createStyle(terminal);
  const unknown = question.reason === "unknown_effect";
  writeLine(terminal, style("yellow", `\n  ${question.tool} wants to run:`));
  writeLine(terminal, indent(plain(readable(question.arguments))));
  writeLine(terminal, `  ${plain(question.summary)}`);
  const prompt = unknown
    ? "  [r]un again, it is [d]one, [n]either: "
    : "  allow once? [y]es, [n]o, or no and why: ";
  const keys = unknown ? unknownKeys : approvalKeys;
  const lines = createInterface({ input: terminal.stdin, output: terminal.stdout });
  const closed = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
  try {
    for (;;) {
      const said = await Promise.race([lines.question(style("bold", prompt), { signal }), closed]);
      if (said === undefined) return { answer: "deny", note: "Nobody was there to answer." };
      const answer = keys[said.trim().toLowerCase()];
      if (answer !== undefined) return { answer };
      const [, why] = /^n[o]?[,: ]+(.+)$/iu.exec(said.trim()) ?? [];
      if (why !== undefined) return { answer: "deny", note: why };
    }
  } finally {
    lines.close();
  }
}

/** Arguments as a person reads them: one a line, commands and texts unescaped. */
function readable(json: string): string {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed !== "object" || parsed === null) return json;
    return Object.entries(parsed)
      .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
      .join("\n");
  } catch {
    return json;
  }
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

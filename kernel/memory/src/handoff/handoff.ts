import type { Label } from "@tau/core";

/** A file that a session read or changed. */
export interface HandoffFile {
  readonly path: string;
  readonly action: "read" | "changed";
  /** SHA-256 of its content when the session last saw it; absent where no tool said so. */
  readonly sha256?: string;
}

/** Something that was settled, by whom and why. */
export interface HandoffDecision {
  readonly what: string;
  readonly decision: string;
  readonly by: string;
  readonly reason?: string;
}

/**
 * What somebody who takes a session's work over must know, taken from its log: nothing in it was made up by a model but the
 * answers, which are quoted as such.
 */
export interface Handoff {
  readonly sessionId: string;
  /** The newest event that it is made of. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What was asked for, oldest first, word by word. */
  readonly goals: readonly string[];
  /** The plan as it was last decided: the arguments of the last call of a planning tool. */
  readonly plan?: string;
  readonly files: readonly HandoffFile[];
  readonly decisions: readonly HandoffDecision[];
  /** What may be wrong: effects with unknown outcome, failures that nothing followed, runs that did not end well. */
  readonly risks: readonly string[];
  /** What is to be done next. */
  readonly next: readonly string[];
  /** The last answer of the model. */
  readonly answer?: string;
  /** How far to trust it: as far as the least trusted thing that the session was shown. */
  readonly label: Label;
}

const most = { goals: 20, files: 100, decisions: 50, risks: 30, chars: 2_000 } as const;

/** Cuts a text for a hand-off. */
export function clipText(text: string, chars: number = most.chars): string {
  const plain = text.trim();
  return plain.length <= chars ? plain : `${plain.slice(0, chars).toWellFormed()} […]`;
}

/** Writes a hand-off as Markdown: for a person, and for the session that goes on. */
export function renderHandoff(handoff: Handoff): string {
  const { sessionId, seq, at, goals, plan, files, decisions, risks, next, answer } = handoff;
  const [changed, read] = (["changed", "read"] as const).map((action) =>
    files.filter((file) => file.action === action),
  );
  return [
    `# Hand-off of session ${sessionId}`,
    `Made from its log up to event ${seq}, ${new Date(at).toISOString()}.`,
    section("Goal", goals.slice(-most.goals).map(quoted)),
    section("Decided plan", plan === undefined ? [] : [quoted(plan)]),
    section("Decisions", decisions.slice(-most.decisions).map(decisionLine)),
    section("Files changed", (changed ?? []).slice(0, most.files).map(fileLine)),
    section("Files read", (read ?? []).slice(0, most.files).map(fileLine)),
    section(
      "Open risks",
      risks.slice(-most.risks).map((risk) => `- ${oneLine(risk)}`),
    ),
    section(
      "Next",
      next.map((step) => `- ${oneLine(step)}`),
    ),
    section("Last answer, in the model's words", answer === undefined ? [] : [quoted(answer)]),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `## ${title}\n\n${lines.join("\n")}`;
}

/** So that no text can begin a section of its own. */
function quoted(text: string): string {
  return clipText(text)
    .split(/\r\n|\r|\n/u)
    .map((line) => `> ${line}`)
    .join("\n");
}

function fileLine({ path, sha256 }: HandoffFile): string {
  return `- ${oneLine(path)}${sha256 === undefined ? "" : ` (sha256 ${sha256.slice(0, 12)})`}`;
}

function decisionLine({ what, decision, by, reason }: HandoffDecision): string {
  const why = reason === undefined ? "" : `: ${reason}`;
  return `- ${oneLine(`${decision} by ${by}: ${what}${why}`)}`;
}

function oneLine(text: string): string {
  return clipText(text.replaceAll(/[\s\p{Cc}]+/gu, " "), 400);
}

import type { TauError } from "@tau/core";

import { cassetteError } from "./cassette-error.ts";
import { describeDifference, differences } from "./difference.ts";
import type { Difference } from "./difference.ts";
import { keyOf } from "./request-key.ts";
import type { Question } from "./request-key.ts";

/** A recorded answer and the question that it answers. */
export interface TapeEntry<Answer> {
  readonly line: number;
  readonly question: Question;
  readonly answer: Answer;
}

/** A recorded question and how another one differs from it. */
interface Nearest {
  readonly line: number;
  readonly found: readonly Difference[];
}

/** Gives each question its answers in the order of their recording, whatever is asked in between. */
export class Tape<Answer> {
  readonly #entries: readonly TapeEntry<Answer>[];
  readonly #answers = new Map<string, TapeEntry<Answer>[]>();

  constructor(entries: readonly TapeEntry<Answer>[]) {
    this.#entries = entries;
    for (const entry of entries) {
      const key = keyOf(entry.question);
      const same = this.#answers.get(key);
      if (same === undefined) this.#answers.set(key, [entry]);
      else same.push(entry);
    }
  }

  /**
   * Takes the next answer.
   *
   * @throws TauError `cassette.no_match`, `cassette.exhausted`
   */
  take(question: Question): Answer {
    const answers = this.#answers.get(keyOf(question));
    const next = answers?.shift();
    if (next !== undefined) return next.answer;
    if (answers === undefined) throw this.#noMatch(question);
    throw cassetteError(
      "cassette.exhausted",
      `The cassette has no further answer to this request to ${question.place}: it was asked more often than recorded.`,
    );
  }

  #noMatch(question: Question): TauError {
    const head = `The cassette has no answer to this request to ${question.place}.`;
    const nearest = this.#nearest(question);
    if (nearest === undefined) return cassetteError("cassette.no_match", `${head} It is empty.`);
    const { line, found } = nearest;
    const more = found.length > 3 ? `; and ${found.length - 3} more` : "";
    return cassetteError(
      "cassette.no_match",
      `${head} The nearest one, in line ${line}, differs in ${found.slice(0, 3).map(describeDifference).join("; ")}${more}.`,
    );
  }

  #nearest(question: Question): Nearest | undefined {
    return this.#entries
      .map(({ line, question: recorded }) => ({ line, found: between(recorded, question) }))
      .reduce<Nearest | undefined>(
        (best, one) => (best === undefined || one.found.length < best.found.length ? one : best),
        undefined,
      );
  }
}

function between(recorded: Question, asked: Question): readonly Difference[] {
  const place = differences(recorded.place, asked.place, "path");
  const bodies =
    "json" in recorded.body && "json" in asked.body
      ? differences(recorded.body.json, asked.body.json)
      : differences({ ...recorded.body }, { ...asked.body });
  return [...place, ...bodies];
}

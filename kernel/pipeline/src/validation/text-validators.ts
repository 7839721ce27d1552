import { textOf } from "@tau/core";

import { withText } from "./answer-text.ts";
import { pass } from "./output-validator.ts";
import type { OutputValidator, Verdict } from "./output-validator.ts";

/** Rejects answers that say nothing: no text, no tool call, nothing to look at or to listen to. */
export function notEmpty(): OutputValidator {
  return {
    name: "not_empty",
    validate(_request, { message }) {
      const hasMore = message.parts.some(({ type }) => type !== "text" && type !== "thinking");
      return hasMore || textOf(message).trim() !== ""
        ? pass
        : { kind: "reject", reason: "the answer is empty" };
    },
  };
}

/** Options of {@link maxLength}. */
export interface MaxLengthOptions {
  /** Characters (UTF-16 units) of text. */
  readonly characters: number;
  /** Default: reject. */
  readonly longer?: "reject" | "cut" | "annotate";
}

/** Limits the length of an answer's text. */
export function maxLength({ characters, longer = "reject" }: MaxLengthOptions): OutputValidator {
  return {
    name: "max_length",
    validate(_request, answer): Verdict {
      const text = textOf(answer.message);
      if (text.length <= characters) return pass;
      const reason = `the answer has ${text.length} characters, at most ${characters} are allowed`;
      if (longer === "reject") return { kind: "reject", reason };
      if (longer === "annotate") return { kind: "annotate", metrics: { characters: text.length } };
      return { kind: "filter", answer: withText(answer, cut(text, characters)), dropped: [reason] };
    },
  };
}

/** Never between the two halves of a character. */
function cut(text: string, characters: number): string {
  const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(characters - 1));
  return text.slice(0, isSplit ? characters - 1 : characters);
}

/** Options of {@link regexBanned}. */
export interface RegexBannedOptions {
  readonly patterns: readonly RegExp[];
  /** Default: reject. */
  readonly found?: "reject" | "remove" | "annotate";
}

/** Keeps words out of answers. The patterns run on text of a model: they must not be of the kind that takes for ever. */
export function regexBanned({ patterns, found = "reject" }: RegexBannedOptions): OutputValidator {
  const global = patterns.map(({ source, flags }) => new RegExp(source, [...new Set(`${flags}g`)].join("")));

  return {
    name: "regex_banned",
    validate(_request, answer): Verdict {
      const text = textOf(answer.message);
      const hits = global.filter((pattern) => text.search(pattern) !== -1).map(({ source }) => source);
      if (hits.length === 0) return pass;
      if (found === "reject") return { kind: "reject", reason: "the answer holds words that are banned" };
      if (found === "annotate") return { kind: "annotate", metrics: { banned: hits.length } };
      const clean = global.reduce((rest, pattern) => rest.replace(pattern, ""), text);
      return { kind: "filter", answer: withText(answer, clean), dropped: hits };
    },
  };
}

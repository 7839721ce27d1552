import { revealText } from "@tau/core";
import { compilePatterns, secretPatterns } from "@tau/core/secrets";

/** What is looked at of a text, and what is kept of it: attributes are for names and numbers. */
const [maxSeen, maxKept] = [2_000, 1_000];

/** Makes a text one that may be shown and kept anywhere. */
export type TextCleaner = (text: string) => string;

/** A joiner where it belongs: between letters of a script that joins them, and between the parts of an emoji. */
const joiner =
  /((?<=[[\p{L}\p{M}]--[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}]])[\u200C\u200D](?=[[\p{L}\p{M}]--[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}]])|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic}))/v;

/** Options of {@link createTextCleaner}. */
export interface TextCleanerOptions {
  /** Whether joiners stay where they belong, as in a text of Persian. Default true; labels are compared, so they have none. */
  readonly keepsJoiners?: boolean;
}

/**
 * Makes a {@link TextCleaner}. Providers, servers and models choose some of the texts in telemetry: what has the shape of a
 * secret is cut out, what nobody would see is written as its code point, lines become one, and long texts are cut.
 */
export function createTextCleaner({ keepsJoiners = true }: TextCleanerOptions = {}): TextCleaner {
  const patterns = compilePatterns(secretPatterns);
  return (text) => {
    const seen = text.slice(0, maxSeen);
    let plain = "";
    let done = 0;
    for (const { start, end, name } of patterns.find(seen, 0)) {
      plain += `${seen.slice(done, start)}[redacted:${name}]`;
      done = end;
    }
    const cut = plain + seen.slice(done);
    const revealed = keepsJoiners
      ? cut
          .split(joiner)
          .map((part, at) => (at % 2 === 0 ? revealText(part) : part))
          .join("")
      : revealText(cut);
    const shown = revealed.replaceAll(/[\n\t]+/gu, " ");
    // A pair that was cut in two is no text, and some collectors refuse all that comes with it.
    return shown.slice(0, maxKept).toWellFormed();
  };
}

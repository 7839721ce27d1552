import { secretPatterns } from "@tau/core/secrets";

import { leastPrefix, redacted } from "./redacted.ts";
import { splitSecretEdits } from "./split-secrets.ts";
import { applyEdits } from "./text-edits.ts";
import type { MarkedText, TextEdit } from "./text-edits.ts";

/** Keys that are recognized by their looks, in case that nobody named them. */
const looks = [
  ...secretPatterns.map(({ starts, body, minBody, needs }) => {
    const must = needs === undefined ? "" : `(?=[${body}]*[${needs}])`;
    return `(?:${starts.map(literal).join("|")})${must}[${body}]{${minBody},}`;
  }),
  // A recording is handed on: shorter ones, those without a digit, and what a provider shows of a key go, too.
  String.raw`(?:sk|pk|rk|xai|gsk|pplx|hf|r8|nvapi|tgp|csk|fw)[-_][A-Za-z0-9*_-]{16,}`,
];

/** Cuts secrets out of texts. */
export interface Redactor {
  /** `cut` says that the text ends in the middle, where a secret may have begun. */
  redact(text: string, cut?: boolean): string;
  /**
   * The same for the bytes of an answer, whose chunks keep their borders; a secret may lie across them, or in
   * pieces in the JSON strings of successive events. What holds no secret comes back as it was.
   */
  redactChunks(chunks: readonly Buffer[], cut: boolean): readonly Buffer[];
  /** Tells whether the bytes hold a secret as it is. */
  holdsSecret(bytes: Uint8Array): boolean;
}

/** Makes a {@link Redactor} for known secrets; keys of well-known looks are cut out as well. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const known = forms.map(literal);
  // Not inside a longer word: encrypted reasoning is such a word, and must stay as it is.
  const pattern = new RegExp([...known, `(?<![A-Za-z0-9+/=_-])(?:${looks.join("|")})`].join("|"), "g");

  /** `text` holds bytes, one in each character. */
  function redactMarked(marked: MarkedText, cut: boolean): MarkedText {
    const found = [...marked.text.matchAll(pattern)];
    const whole = applyEdits(
      marked,
      found.map(({ index: start, 0: match }) => ({
        start,
        end: start + match.length,
        replacement: redacted,
      })),
    );
    const pieced = applyEdits(whole, splitSecretEdits(whole.text, secrets, cut));
    return cut ? applyEdits(pieced, begunSecret(pieced.text, forms)) : pieced;
  }

  return {
    redact(text, cut = false) {
      const bytes = Buffer.from(text).toString("latin1");
      const { text: clean } = redactMarked({ text: bytes, marks: [] }, cut);
      return clean === bytes ? text : Buffer.from(clean, "latin1").toString("utf8");
    },

    redactChunks(chunks, cut) {
      let size = 0;
      const marks = chunks.map((chunk) => (size += chunk.length));
      const text = Buffer.concat(chunks).toString("latin1");
      const clean = redactMarked({ text, marks }, cut);
      if (clean.text === text) return chunks;
      return clean.marks.map((end, index) =>
        Buffer.from(clean.text.slice(clean.marks[index - 1] ?? 0, end), "latin1"),
      );
    },

    holdsSecret: (bytes) => Buffer.from(bytes).toString("latin1").search(pattern) !== -1,
  };
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

/** How a secret may be written in a body or an address, as bytes. */
function formsOf(secret: string): readonly string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [secret, escaped, escaped.replaceAll("/", String.raw`\/`), encodeURIComponent(secret)].map((form) =>
    Buffer.from(form).toString("latin1"),
  );
}

/** The beginning of a secret at the end of a text that was cut there. */
function begunSecret(text: string, forms: readonly string[]): readonly TextEdit[] {
  let start = text.length;
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length >= leastPrefix; length--) {
      if (text.endsWith(form.slice(0, length))) start = Math.min(start, text.length - length);
    }
  }
  return start === text.length ? [] : [{ start, end: text.length, replacement: redacted }];
}

/** Characters that a person does not see and a model reads, by what they are used for. */
export type HiddenKind = "bidi" | "tag" | "zero_width" | "variation";

// Written as escapes: this file must not hide what it is about.
// A flag such as England's is a black flag, tags, and a cancelling tag: those stay.
const hidden = new RegExp(
  [
    String.raw`(?<flag>\u{1F3F4}[\u{E0020}-\u{E007E}]{1,16}\u{E007F})`,
    String.raw`(?<bidi>[\u202A-\u202E\u2066-\u2069])`,
    String.raw`(?<tag>[\u{E0000}-\u{E007F}]+)`,
    // A joiner alone is writing, or joins an emoji; a row of them carries bits.
    String.raw`(?<zero>[\u200B\u2060-\u2064\u180E]|(?<!^)\uFEFF|[\u200C\u200D]{2,})`,
    // One selector after a character is writing; a row of them, or one of the supplement, carries bytes.
    String.raw`(?<variation>[\uFE00-\uFE0F]{2,}|[\u{E0100}-\u{E01EF}]{2,})`,
  ].join("|"),
  "gu",
);

const anyHidden = /[\u180E\u200B-\u200D\u202A-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E01EF}]|[\uFE00-\uFE0F]/u;

/** A text without hidden characters, and which kinds it had. */
export interface Unhidden {
  readonly text: string;
  readonly kinds: ReadonlySet<HiddenKind>;
}

/** Takes hidden characters out of a text; the kinds are empty when it is as it was. */
export function unhide(text: string): Unhidden {
  const kinds = new Set<HiddenKind>();
  if (!anyHidden.test(text)) return { text, kinds };
  const clean = text.replaceAll(
    hidden,
    (match: string, flag?: string, bidi?: string, tag?: string, zero?: string) => {
      if (flag !== undefined) return match;
      kinds.add(bidi ? "bidi" : tag ? "tag" : zero ? "zero_width" : "variation");
      return "";
    },
  );
  return { text: clean, kinds };
}

/** Keeps a listener that comes back from hearing the beginning of an answer twice. */
export interface ShownText {
  /** Answers what of a fragment is new; an empty text when nothing is. */
  take(kind: "text" | "thinking", text: string): string;
  /** A fact came: the answer under way, if any, is another one from here on. */
  fact(): void;
  /** The listener starts anew: what comes next of an answer under way is the answer from its start. */
  restarted(): void;
}

/** Makes a {@link ShownText}. */
export function createShownText(): ShownText {
  const shown = { text: 0, thinking: 0 };
  const toSkip = { text: 0, thinking: 0 };

  return {
    take(kind, text) {
      const skipped = Math.min(toSkip[kind], text.length);
      toSkip[kind] -= skipped;
      shown[kind] += text.length - skipped;
      return skipped === 0 ? text : text.slice(skipped);
    },
    fact() {
      shown.text = shown.thinking = toSkip.text = toSkip.thinking = 0;
    },
    restarted() {
      toSkip.text = shown.text;
      toSkip.thinking = shown.thinking;
    },
  };
}

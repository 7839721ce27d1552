// Controls but the tab and the line feed, everything that formats without showing (bidi, joiners, tags), private and
// unpaired code units, separators of lines, fillers, and variation selectors in a row: one alone belongs to an emoji.
const hidden =
  /[[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]--[\uFE00-\uFE0F]]+|[\uFE00-\uFE0F]{2,}/gv;

/**
 * Writes what a person does not see in a text, and a model reads, as its code point: `⟨U+202E⟩`; a row of more as the
 * first and how many follow: `⟨U+E0049 and 11 more⟩`. Tabs and line feeds stay; a carriage return before a line feed goes.
 */
export function revealText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(hidden, (run) =>
    run
      .split(/([\n\t]+)/u)
      .map(codePoint)
      .join(""),
  );
}

function codePoint(run: string): string {
  const [first = "", ...rest] = Array.from(run);
  if (first === "" || first === "\n" || first === "\t") return run;
  const code = (first.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return rest.length === 0 ? `⟨U+${code}⟩` : `⟨U+${code} and ${rest.length} more⟩`;
}

/** A text for a list in a prompt: on one line, without what nobody sees and without a way out of the list. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, "")
    .replaceAll("<", "&lt;")
    .trim();
}

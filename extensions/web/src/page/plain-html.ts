/** The text of HTML without its tags, in one pass: for what a parser could not do in time. */
export function plainHtml(html: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    parts.push(html.slice(at, open === -1 ? html.length : open));
    if (open === -1) break;
    const hidden = /^<(?<name>script|style)\b/iu.exec(html.slice(open, open + 10))?.groups?.["name"];
    const close = hidden === undefined ? html.indexOf(">", open) : endOf(html, hidden, open);
    if (close === -1) break;
    at = close + 1;
  }
  return parts
    .join(" ")
    .replaceAll(/[^\S\n]+/gu, " ")
    .replaceAll(/\s*\n\s*/gu, "\n")
    .trim();
}

function endOf(html: string, name: string, from: number): number {
  const start = html.toLowerCase().indexOf(`</${name.toLowerCase()}`, from);
  return start === -1 ? -1 : html.indexOf(">", start);
}

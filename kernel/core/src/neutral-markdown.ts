// However the rest of it is written, nothing is a picture, a link, a reference or its definition without one of these.
const opening = /!(?=\[)|\](?=[ \t]*[([:])/gu;
// A target below this text's own place: it says no host, and nothing that could be one.
const near = /^\][ \t]*\((?!\/\/)[\w./#-]*\)/u;
const tag = /<(?=[a-z/!?])/giu;

/**
 * Makes Markdown that a model wrote harmless to show: nothing in it is fetched by being shown, and no words hide where they
 * lead. An answer that was made out of untrusted text must not carry what its model knows to an address of that text.
 *
 * Pictures, HTML, and links that could lead away become the text that they are written with; links to places of the same
 * document or below its folder stay. Code is not told apart, so a backslash may show in it.
 */
export function neutralMarkdown(text: string): string {
  return text.replaceAll(tag, "&lt;").replaceAll(opening, (mark, at: number, whole: string) => {
    if (mark === "!") return "\\!\\";
    return near.test(whole.slice(at, at + 300)) ? mark : "\\]\\";
  });
}

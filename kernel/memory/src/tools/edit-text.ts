import { MemoryToolError } from "./memory-paths.ts";

const snippetLines = 4;

/** The lines of a text; one that ends with a line break has no empty line behind it. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Lines as the protocol shows them: numbers of six characters, a tab, the line. */
export function numbered(lines: readonly string[], first: number): string {
  return lines.map((line, index) => `${String(first + index).padStart(6)}\t${line}`).join("\n");
}

/** Replaces the one place where a text stands. @throws MemoryToolError */
export function replaceText(
  text: string,
  { name, oldText, newText }: { readonly name: string; readonly oldText: string; readonly newText: string },
): { readonly text: string; readonly snippet: string } {
  const places = placesOf(text, oldText);
  const [at] = places;
  if (at === undefined)
    throw new MemoryToolError(
      `No replacement was performed, old_str \`${oldText}\` did not appear verbatim in ${name}.`,
    );
  if (places.length > 1) {
    const lines = [...new Set(linesAt(text, places))].join(", ");
    throw new MemoryToolError(
      `No replacement was performed. Multiple occurrences of old_str \`${oldText}\` in lines: ${lines}. Please ensure it is unique`,
    );
  }
  const changed = `${text.slice(0, at)}${newText}${text.slice(at + oldText.length)}`;
  const line = lineAt(changed, at);
  const first = Math.max(1, line - snippetLines);
  const last = line + newText.split("\n").length - 1 + snippetLines;
  return { text: changed, snippet: numbered(linesOf(changed).slice(first - 1, last), first) };
}

/** Puts a text behind a line; 0 is before the first one. @throws MemoryToolError */
export function insertText(text: string, line: number, added: string): string {
  const lines = linesOf(text);
  if (!Number.isInteger(line) || line < 0 || line > lines.length)
    throw new MemoryToolError(
      `Error: Invalid \`insert_line\` parameter: ${line}. It should be within the range of lines of the file: [0, ${lines.length}]`,
    );
  const ending = text === "" || text.endsWith("\n") ? "\n" : "";
  const isAtEnd = line === lines.length;
  const all = [...lines.slice(0, line), ...linesOf(added), ...lines.slice(line)].join("\n");
  return `${all}${isAtEnd && added.endsWith("\n") ? "\n" : ending}`;
}

function placesOf(text: string, wanted: string): readonly number[] {
  const places: number[] = [];
  if (wanted === "") return places;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length))
    places.push(at);
  return places;
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

/** The lines of ascending places; the text is looked through once, however many there are. */
function linesAt(text: string, places: readonly number[]): readonly number[] {
  let line = 1;
  let next = text.indexOf("\n");
  return places.map((place) => {
    for (; next !== -1 && next < place; next = text.indexOf("\n", next + 1)) line += 1;
    return line;
  });
}

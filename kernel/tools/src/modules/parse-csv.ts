/** Reads CSV as RFC 4180 says: commas, quotes that are doubled inside of quotes, lines of any ending. */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|\n|\r|$)/guy;
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  while (cell.lastIndex < body.length) {
    const found = cell.exec(body);
    if (found === null) break;
    const [, quoted, plain = "", end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") {
      if (cell.lastIndex === body.length) row.push("");
      continue;
    }
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows.filter((cells) => cells.length > 1 || cells[0] !== "");
}

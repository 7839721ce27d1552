/** What is used of an element of a page. */
export interface PageElement {
  readonly localName: string;
  readonly parentElement: PageElement | null;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  closest(selector: string): PageElement | null;
  insertBefore(element: PageElement, before: PageElement | null): unknown;
  readonly children: Iterable<PageElement>;
}

/** Makes elements of a page. */
export interface PageDocument extends Pick<PageElement, "querySelectorAll"> {
  createElement(name: string): PageElement;
}

/** The attribute of tables that {@link squareTables} made ready. */
export const squaredAttribute = "data-tau-square";

/** Longer spans and wider tables are some mistake, or somebody's trick. */
const maxColumns = 50;

/** What needs lines of its own: a table with such things lays the page out. */
const blocks = "table, pre, h1, h2, h3, h4, h5, h6, form, article, section";

/**
 * Gives every row of the tables that hold data a cell in each column, as Markdown wants it: where a cell spans more, empty ones
 * stand for the rest of it, and a table whose first row is no head gets an empty one. Tables that lay a page out stay as they are.
 */
export function squareTables(document: PageDocument): void {
  for (const table of document.querySelectorAll("table")) {
    const rows = [...table.querySelectorAll("tr")];
    if (table.querySelector(blocks) !== null || (table.parentElement?.closest("table") ?? null) !== null)
      continue;
    const columns = Math.max(0, ...rows.map((row) => cellsOf(row).length));
    if (columns < 2 || columns > maxColumns) continue;
    square(rows, document);
    table.setAttribute(squaredAttribute, "");
  }
}

function square(rows: readonly PageElement[], document: PageDocument): void {
  /** For each column: how many of the next rows a cell from above covers. */
  const below: number[] = [];
  let width = 0;
  for (const row of rows) {
    spread(row, below, document);
    width = Math.max(width, cellsOf(row).length);
  }
  for (const row of rows) fill(row, width, () => document.createElement("td"));
  const [first] = rows;
  if (first === undefined || cellsOf(first).every(({ localName }) => localName === "th")) return;
  const head = document.createElement("tr");
  fill(head, width, () => document.createElement("th"));
  first.parentElement?.insertBefore(head, first);
}

/** Puts empty cells where others span to, from the left and from above. */
function spread(row: PageElement, below: number[], document: PageDocument): void {
  const columns: (PageElement | undefined)[] = [];
  const takeCovered = (): void => {
    for (let rest = below[columns.length] ?? 0; rest > 0; rest = below[columns.length] ?? 0) {
      below[columns.length] = rest - 1;
      columns.push(undefined);
    }
  };
  for (const cell of cellsOf(row)) {
    takeCovered();
    const first = columns.length;
    const width = Math.max(1, Math.min(spanOf(cell, "colspan"), maxColumns - first));
    columns.push(cell, ...Array.from({ length: width - 1 }, () => undefined));
    for (let column = first; column < columns.length; column++) below[column] = spanOf(cell, "rowspan") - 1;
  }
  takeCovered();
  let next: PageElement | null = null;
  for (const cell of columns.toReversed()) {
    const present = cell ?? document.createElement("td");
    if (cell === undefined) row.insertBefore(present, next);
    next = present;
  }
}

function fill(row: PageElement, width: number, makeCell: () => PageElement): void {
  for (let count = cellsOf(row).length; count < width; count++) row.insertBefore(makeCell(), null);
}

function cellsOf(row: PageElement): readonly PageElement[] {
  return [...row.children].filter(({ localName }) => localName === "td" || localName === "th");
}

function spanOf(cell: PageElement, name: "colspan" | "rowspan"): number {
  const span = Number(cell.getAttribute(name) ?? 1);
  return Number.isInteger(span) && span > 0 ? Math.min(span, 1_000) : 1;
}

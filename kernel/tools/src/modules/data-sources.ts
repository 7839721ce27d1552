import { basename, extname } from "node:path";

import { isJsonObject, isTauError, parseJson, TauError, untrusted } from "@tau/core";
import type { Json, JsonObject, Label } from "@tau/core";
import { readTextFile } from "@tau/core/files";

import type { DataSource } from "./datasource-module.ts";
import { parseCsv } from "./parse-csv.ts";
import { QueryProcess } from "./query-process.ts";
import type { QueryData, Table } from "./query-process.ts";

/** What every source has. */
export interface DataSourceOptions {
  readonly name: string;
  readonly description: string;
  /** How far to trust its data. Default: as far as the module's; of an address, as untrusted text of the web. */
  readonly label?: Label;
}

/** Bytes of a file or an answer that becomes a table. */
const maxTableBytes = 64 * 2 ** 20;

/** Makes a {@link DataSource} of a SQLite file, which is opened read-only. */
export function createSqliteSource(options: DataSourceOptions & { readonly path: string }): DataSource {
  return createSource(options, () => Promise.resolve({ path: options.path }));
}

/** Makes a {@link DataSource} of a `.csv` file with a line of names, or a `.json` file with an array of objects. */
export function createFileSource(options: DataSourceOptions & { readonly path: string }): DataSource {
  const { path } = options;
  const table = tableName(basename(path, extname(path)));
  return createSource(options, async () => {
    const text = await readTextFile(path, maxTableBytes).catch((error: unknown) => {
      throw isTauError(error) ? unreadable(options.name, error.message) : error;
    });
    const isCsv = extname(path).toLowerCase() === ".csv";
    return { tables: [isCsv ? csvTable(table, text) : jsonTable(table, text)] };
  });
}

/** Options of {@link createHttpJsonSource}. */
export interface HttpJsonSourceOptions extends DataSourceOptions {
  readonly url: string;
  /** How addresses are reached: give one that reaches only what it may. */
  readonly fetch: (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;
  /** Where the array is in the answer, by keys. Default: the answer is the array. */
  readonly at?: readonly string[];
}

/** Makes a {@link DataSource} of an array of objects that an address answers; it is asked once, when the module begins. */
export function createHttpJsonSource({ url, fetch, at = [], ...options }: HttpJsonSourceOptions): DataSource {
  return createSource({ label: untrusted("web"), ...options }, async (signal) => {
    const response = await fetch(url, { signal });
    if (!response.ok) throw unreadable(options.name, `the address answered ${response.status}`);
    return { tables: [jsonTable(tableName(options.name), checkedSize(await response.text()), at)] };
  });
}

function createSource(
  { name, description, label }: DataSourceOptions,
  load: (signal: AbortSignal) => Promise<QueryData>,
): DataSource {
  let running: QueryProcess | undefined;
  let tables: ReturnType<DataSource["describe"]> = [];
  return {
    name,
    description,
    ...(label === undefined ? {} : { label }),
    async open(signal) {
      running = new QueryProcess(await load(signal));
      tables = await running.tables(signal);
    },
    describe: () => tables,
    async query(sql, limits, signal) {
      if (running === undefined) throw unreadable(name, "it is not open");
      return await running.query(sql, limits, signal);
    },
    async [Symbol.asyncDispose]() {
      await running?.[Symbol.asyncDispose]();
      running = undefined;
    },
  };
}

function csvTable(table: string, text: string): Table {
  const [columns = [], ...rows] = parseCsv(text);
  return { table, columns: uniqueNames(columns), rows: rows.map((row) => row.map(numberOrText)) };
}

function jsonTable(table: string, text: string, at: readonly string[] = []): Table {
  const parsed = parseJson(text);
  if (!parsed.ok) throw unreadable(table, "it is not JSON");
  let value: Json | undefined = parsed.value;
  for (const key of at) value = isJsonObject(value) ? value[key] : undefined;
  if (!Array.isArray(value)) throw unreadable(table, "it has no array of objects");
  const objects: readonly JsonObject[] = value.filter(isJsonObject);
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  return {
    table,
    columns: uniqueNames(columns),
    rows: objects.map((object) => columns.map((key) => object[key] ?? null)),
  };
}

/** SQLite tells names apart without regard to case. */
function uniqueNames(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.map((name, index) => {
    let unique = name === "" ? `column_${index + 1}` : name;
    while (seen.has(unique.toLowerCase())) unique += "_";
    seen.add(unique.toLowerCase());
    return unique;
  });
}

function numberOrText(cell: string): Json {
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/u.test(cell) ? Number(cell) : cell;
}

function tableName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_]/gu, "_") || "data";
}

function checkedSize(text: string): string {
  if (text.length <= maxTableBytes) return text;
  throw unreadable("data", `it has more than ${maxTableBytes} characters`);
}

function unreadable(name: string, reason: string): TauError {
  return new TauError("datasource.unreadable", `The data "${name}" cannot be asked: ${reason}.`);
}

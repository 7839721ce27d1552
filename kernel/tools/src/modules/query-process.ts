import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

import { isJsonObject, offAbort, onAbort, TauError } from "@tau/core";
import type { Json } from "@tau/core";

import type { QueryLimits, QueryResult } from "./datasource-module.ts";

/** Rows under their columns. */
export interface Table {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

/** What a process answers queries from: a database file, which is opened read-only, or tables in memory. */
export type QueryData = { readonly path: string } | { readonly tables: readonly Table[] };

/**
 * What the process runs: SQLite blocks whoever calls it, a thread too, so that only ending a process ends a query.
 *
 * Written as text because a package that is built is one file. A query is one statement that begins like a question;
 * the file is opened read-only, and tables in memory are closed to changes once they are filled. So neither ATTACH nor
 * PRAGMA nor VACUUM INTO can be asked, and nothing that is asked can write.
 */
const program = `
const { DatabaseSync } = require("node:sqlite");
const quote = (name) => '"' + name.replaceAll('"', '""') + '"';
let database;
function open({ path, tables = [] }) {
  const opened = new DatabaseSync(path ?? ":memory:", { readOnly: path !== undefined, allowExtension: false });
  for (const { table, columns, rows } of tables) {
    opened.exec("CREATE TABLE " + quote(table) + " (" + columns.map(quote).join(", ") + ")");
    const insert = opened.prepare("INSERT INTO " + quote(table) + " VALUES (" + columns.map(() => "?").join(", ") + ")");
    opened.exec("BEGIN");
    for (const row of rows) insert.run(...columns.map((_, index) => bound(row[index])));
    opened.exec("COMMIT");
  }
  opened.exec("PRAGMA query_only = ON");
  return opened;
}
function bound(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "object" ? JSON.stringify(value) : value;
}
function shown(value) {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Uint8Array ? "(" + value.byteLength + " bytes)" : value;
}
function tablesOf() {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\\\_%' ESCAPE '\\\\' ORDER BY name").all();
  return names.map(({ name }) => ({
    table: name,
    columns: database.prepare("SELECT name FROM pragma_table_info(?)").all(name).map((column) => column.name),
  }));
}
function query({ sql, maxRows, maxBytes }) {
  if (!/^\\s*(?:select|with|values)\\b/iu.test(sql)) throw new Error("only SELECT, WITH and VALUES are answered");
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const columns = statement.columns().map(({ name }) => name);
  const rows = [];
  let bytes = 0;
  for (const row of statement.iterate()) {
    const values = row.map(shown);
    bytes += Buffer.byteLength(JSON.stringify(values));
    if (rows.length === maxRows || bytes > maxBytes) return { columns, rows, isCut: true };
    rows.push(values);
  }
  return { columns, rows, isCut: false };
}
process.on("disconnect", () => process.exit());
process.on("message", ({ data, asked }) => {
  try {
    database ??= open(data);
    process.send({ ok: true, value: asked === "tables" ? tablesOf() : query(asked) });
  } catch (error) {
    process.send({ ok: false, reason: String(error?.message ?? error) });
  }
});
`;

/** A process that answers one query after the other. It is ended by a query that takes too long, and begun anew by the next. */
export class QueryProcess implements AsyncDisposable {
  readonly #data: QueryData;
  #child: ChildProcess | undefined;
  #isNew = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(data: QueryData) {
    this.#data = data;
  }

  async tables(
    signal: AbortSignal,
  ): Promise<readonly { readonly table: string; readonly columns: readonly string[] }[]> {
    const value = await this.#inTurn("tables", 30_000, signal);
    // Written by the program above, in this shape.
    return Array.isArray(value) ? value : [];
  }

  async query(sql: string, { timeoutMs, ...limits }: QueryLimits, signal: AbortSignal): Promise<QueryResult> {
    const value: unknown = await this.#inTurn({ sql, ...limits }, timeoutMs, signal);
    if (!isQueryResult(value)) throw failed("the database answered nothing that is rows");
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  #inTurn(asked: unknown, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
    const turn = this.#last.then(() => this.#ask(asked, timeoutMs, signal));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #ask(asked: unknown, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const child = (this.#child ??= startProcess());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const abort = (): void => reject(signal.reason);
    const timer = setTimeout(() => reject(failed(`it took longer than ${timeoutMs} ms`)), timeoutMs);
    const gone = (): void => reject(failed("the database's process ended"));
    onAbort(signal, abort);
    child.once("message", resolve);
    child.once("error", gone);
    child.once("exit", gone);
    // The data goes along once: it may be much, and only a new process needs it.
    child.send({ asked, ...(this.#isNew ? { data: this.#data } : {}) });
    this.#isNew = false;
    try {
      const answer = await promise;
      if (!isJsonObject(answer)) throw failed("the database answered nothing");
      if (answer["ok"] === true) return answer["value"];
      throw failed(typeof answer["reason"] === "string" ? answer["reason"] : "no reason");
    } finally {
      clearTimeout(timer);
      offAbort(signal, abort);
      child.off("error", gone);
      child.off("exit", gone);
      // Without an answer it is still busy, or gone.
      if (child.listenerCount("message") > 0) await this.#end();
    }
  }

  /** Ends it, whatever it does. */
  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#isNew = true;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
}

function startProcess(): ChildProcess {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "-e", program], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: {},
    serialization: "advanced",
  });
  // It does not keep this process alive, and ends with it.
  child.unref();
  child.channel?.unref();
  return child;
}

function isQueryResult(value: unknown): value is QueryResult {
  return (
    isJsonObject(value) && Array.isArray(value["columns"]) && Array.isArray(value["rows"]) && "isCut" in value
  );
}

function failed(reason: string): TauError {
  return new TauError("datasource.query_failed", `The query failed: ${reason}. Correct it, or ask for less.`);
}

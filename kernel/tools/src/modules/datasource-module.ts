import { joinLabels, TauError } from "@tau/core";
import type { Json, Label } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool } from "../tool.ts";
import type { Module } from "./module.ts";

/** Rows of one query. */
export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
  /** Whether there were more rows than `limits` let through. */
  readonly isCut: boolean;
}

/** What a query may bring. */
export interface QueryLimits {
  readonly maxRows: number;
  /** Bytes of all values as JSON. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * Tables that can be asked in SQL and not changed.
 *
 * Contract: whatever the query says, nothing is written, nothing else is opened, and it ends by its limits.
 */
export interface DataSource extends AsyncDisposable {
  readonly name: string;
  readonly description: string;
  /** How far to trust its data; absent: as far as the module's. */
  readonly label?: Label;
  /** Opens the data. Stops promptly when `signal` aborts. */
  open(signal: AbortSignal): Promise<void>;
  /** Tables with their columns. */
  describe(): readonly { readonly table: string; readonly columns: readonly string[] }[];
  /** Throws `datasource.query_failed`, with the reason for the model. */
  query(sql: string, limits: QueryLimits, signal: AbortSignal): Promise<QueryResult>;
}

/** Options of {@link createDatasourceModule}. */
export interface DatasourceOptions {
  readonly sources: readonly DataSource[];
  /** How far to trust the data; absent: as far as the workspace. */
  readonly label?: Label;
  /** Default: 500 rows, 50,000 bytes, 10 s. */
  readonly limits?: Partial<QueryLimits>;
}

/** Makes the module that lets a model ask data: `data_sources` lists tables, `data_query` asks one source in SQL. */
export function createDatasourceModule({ sources, label, limits = {} }: DatasourceOptions): Module {
  const whole: QueryLimits = { maxRows: 500, maxBytes: 50_000, timeoutMs: 10_000, ...limits };
  const labelled = label === undefined ? {} : { label };
  return {
    name: "datasource",
    description: "Data that can be asked in SQL.",
    async initialize(signal) {
      for (const source of sources) await source.open(signal);
    },
    async cleanup() {
      for (const source of sources.toReversed()) await source[Symbol.asyncDispose]();
    },
    tools: () => [listTool(sources, labelled), queryTool(sources, whole, labelled)],
  };
}

type Labelled = { readonly label?: Label };

function listTool(sources: readonly DataSource[], labelled: Labelled): Tool {
  return defineTool({
    name: "data_sources",
    description: "Lists the data that can be asked with data_query: sources, their tables and columns.",
    input: { type: "object", properties: {}, additionalProperties: false },
    sideEffect: "pure",
    ...labelled,
    execute: () => {
      const value = sources.map((source) => ({
        source: source.name,
        description: source.description,
        tables: source.describe().map(({ table, columns }) => ({ table, columns: [...columns] })),
      }));
      const lines = value.map(
        ({ source, description, tables }) =>
          `${source}: ${description}\n${tables.map(({ table, columns }) => `  ${table}(${columns.join(", ")})`).join("\n")}`,
      );
      const labels = sources.flatMap(({ label }) => label ?? []);
      // Names of tables and columns are the data's own words.
      return textOutput(lines.join("\n"), {
        value,
        ...(labels.length === 0 ? {} : { label: joinLabels(...labels) }),
      });
    },
  });
}

function queryTool(
  sources: readonly DataSource[],
  limits: QueryLimits,
  labelled: Labelled,
): Tool<{ source: string; sql: string }> {
  return defineTool<{ source: string; sql: string }>({
    name: "data_query",
    description: `Asks one source in SQL (SQLite's) and answers the rows, at most ${limits.maxRows}. Nothing can be changed. Aggregate in the query where you can.`,
    input: {
      type: "object",
      properties: {
        source: { type: "string", enum: sources.map(({ name }) => name) },
        sql: { type: "string", minLength: 1, maxLength: 20_000 },
      },
      required: ["source", "sql"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    timeoutMs: limits.timeoutMs + 5_000,
    ...labelled,
    execute: async ({ source: name, sql }, { signal }) => {
      const source = sources.find((one) => one.name === name);
      if (source === undefined) throw new TauError("tool.invalid_arguments", `There is no source ${name}.`);
      const { columns, rows, isCut } = await source.query(sql, limits, signal);
      const lines = [columns, ...rows].map((row) => row.map((cell) => JSON.stringify(cell)).join(", "));
      const more = isCut ? `\n[There are more rows: only ${rows.length} are shown.]` : "";
      return textOutput(`${lines.join("\n")}${more}`, {
        value: { columns: [...columns], rows: rows.map((row) => [...row]), isCut },
        details: { rows: rows.length, isCut },
        ...(source.label === undefined ? {} : { label: source.label }),
      });
    },
  });
}

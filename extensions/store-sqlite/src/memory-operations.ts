import type {
  Expected,
  FiledEntry,
  FiledPath,
  MemoryAnswers,
  MemoryOutcome,
  MemoryRead,
  MemoryWrite,
} from "./memory-protocol.ts";
import { column } from "./tenant-database.ts";
import type { TenantDatabase } from "./tenant-database.ts";
import { unreachable } from "./unreachable.ts";

const done: MemoryOutcome = { kind: "done" };
const missing: MemoryOutcome = { kind: "missing" };

/** Carries out a write on a memory inside the open transaction. */
export function writeMemory(
  database: TenantDatabase,
  operation: MemoryWrite,
): MemoryAnswers[MemoryWrite["op"]] {
  switch (operation.op) {
    case "memory_save":
      return save(database, operation);
    case "memory_delete": {
      const etag = etagAt(database, operation.path);
      if (etag === null) return missing;
      if (!fits(etag, operation.expected)) return { kind: "changed" };
      database.sql("DELETE FROM memory_files WHERE path = ?").run(operation.path);
      return done;
    }
    case "memory_rename":
      return rename(database, operation);
    case "memory_index":
      return index(database, operation);
    default:
      return unreachable(operation);
  }
}

/** Carries out a read of a memory. */
export function readMemory(database: TenantDatabase, operation: MemoryRead): MemoryAnswers[MemoryRead["op"]] {
  switch (operation.op) {
    case "memory_list":
      return list(database, operation.prefix);
    case "memory_load": {
      const text = column(database.sql("SELECT body FROM memory_files WHERE path = ?").get(operation.path));
      return typeof text === "string" ? text : null;
    }
    case "memory_stamps":
      return rows(database.sql("SELECT path, stamp FROM memory_texts").all()).flatMap((row) =>
        row.map(String),
      );
    case "memory_query":
      return query(database, operation);
    default:
      return unreachable(operation);
  }
}

type Of<Op extends MemoryWrite["op"]> = Extract<MemoryWrite, { readonly op: Op }>;

function save(database: TenantDatabase, operation: Of<"memory_save">): MemoryOutcome {
  const { at, text, etag, stamp, bytes, now, expected, maxFiles } = operation;
  const found = etagAt(database, at.path);
  if (!fits(found, expected))
    return found !== null && !expected.any && expected.etag === null
      ? { kind: "taken", by: at.path }
      : { kind: "changed" };
  if (found === null) {
    const by = takenBy(database, at);
    if (by !== undefined) return { kind: "taken", by };
    const namespace = at.path.slice(0, at.path.indexOf("/") + 1);
    const count = column(
      database
        .sql("SELECT count(*) FROM memory_files WHERE path >= ? AND path < ?")
        .get(namespace, endOf(namespace)),
    );
    if (Number(count) >= maxFiles) return { kind: "full" };
  }
  database
    .sql(
      "INSERT OR REPLACE INTO memory_files (path, folded, body, etag, stamp, bytes, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .run(at.path, at.folded, text, etag, stamp, bytes, now);
  return done;
}

function rename(database: TenantDatabase, { from, to, stamp, now }: Of<"memory_rename">): MemoryOutcome {
  if (etagAt(database, from) === null) return missing;
  const by = takenBy(database, to);
  if (by !== undefined) return { kind: "taken", by };
  database
    .sql("UPDATE memory_files SET path = ?, folded = ?, stamp = ?, at = ? WHERE path = ?")
    .run(to.path, to.folded, stamp, now, from);
  return done;
}

function etagAt(database: TenantDatabase, path: string): string | null {
  const etag = column(database.sql("SELECT etag FROM memory_files WHERE path = ?").get(path));
  return typeof etag === "string" ? etag : null;
}

function fits(found: string | null, expected: Expected): boolean {
  return expected.any || expected.etag === found;
}

/** What a new path cannot be beside: a file that is its folder, one below it, or another spelling of a name. */
function takenBy(database: TenantDatabase, { folded, folders }: FiledPath): string | undefined {
  const at = database.sql("SELECT path FROM memory_files WHERE folded = ?");
  const below = database.sql("SELECT path FROM memory_files WHERE folded >= ? AND folded < ? LIMIT 1");
  const misspelt = database.sql(
    "SELECT path FROM memory_files WHERE folded >= ? AND folded < ? AND substr(path, 1, length(?)) <> ? LIMIT 1",
  );
  const found = [
    at.get(folded),
    below.get(`${folded}/`, endOf(`${folded}/`)),
    ...folders.flatMap((folder) => {
      const [prefix, spelling] = [`${folder.folded}/`, `${folder.path}/`];
      return [at.get(folder.folded), misspelt.get(prefix, endOf(prefix), spelling, spelling)];
    }),
  ].map(column);
  return found.find((path) => typeof path === "string");
}

/** The first text that comes behind all that begin with a prefix, which ends with a slash. */
function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

function list(database: TenantDatabase, prefix: string): readonly FiledEntry[] {
  const columns = "SELECT path, bytes, at, stamp FROM memory_files";
  const found =
    prefix === ""
      ? database.sql(columns).all()
      : database.sql(`${columns} WHERE path >= ? AND path < ?`).all(prefix, endOf(prefix));
  return rows(found).map(([path, bytes, at, stamp]) => ({
    path: String(path),
    bytes: Number(bytes),
    modifiedAt: Number(at),
    stamp: String(stamp),
  }));
}

function index(database: TenantDatabase, { put, remove }: Of<"memory_index">): null {
  for (const path of [...remove, ...put.map((text) => text.path)]) {
    const id = column(database.sql("SELECT id FROM memory_texts WHERE path = ?").get(path));
    if (typeof id !== "number") continue;
    database.sql("DELETE FROM memory_words WHERE rowid = ?").run(id);
    database.sql("DELETE FROM memory_texts WHERE id = ?").run(id);
  }
  for (const { path, stamp, title, body, titleWords, bodyWords } of put) {
    const { lastInsertRowid } = database
      .sql("INSERT INTO memory_texts (path, stamp, title, body) VALUES (?, ?, ?, ?)")
      .run(path, stamp, title, body);
    database
      .sql("INSERT INTO memory_words (rowid, title, body) VALUES (?, ?, ?)")
      .run(lastInsertRowid, titleWords, bodyWords);
  }
  return null;
}

function query(
  database: TenantDatabase,
  { match, limit }: Extract<MemoryRead, { readonly op: "memory_query" }>,
): MemoryAnswers["memory_query"] {
  const found = database
    .sql(
      `SELECT path, memory_texts.title, memory_texts.body FROM memory_words
       JOIN memory_texts ON id = memory_words.rowid
       WHERE memory_words MATCH ? ORDER BY bm25(memory_words, 3.0, 1.0), path LIMIT ?`,
    )
    .all(match, limit);
  return rows(found).map(([path, title, body]) => ({
    path: String(path),
    title: String(title),
    body: String(body),
  }));
}

function rows(found: readonly unknown[]): readonly (readonly unknown[])[] {
  return found.filter(Array.isArray);
}

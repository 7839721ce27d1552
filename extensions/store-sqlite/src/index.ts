export type { SqliteStore, SqliteStoreOptions } from "./create-sqlite-store.ts";
export { createSqliteStore } from "./create-sqlite-store.ts";
export type { SqliteMemory, SqliteMemoryOptions } from "./sqlite-memory.ts";
export { storeSqliteErrorCodes } from "./error-codes.ts";

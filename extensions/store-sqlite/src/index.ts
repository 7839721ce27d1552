export type { SqliteStore, SqliteStoreOptions } from "./create-sqlite-store.ts";
export { createSqliteStore } from "./create-sqlite-store.ts";
export { storeSqliteErrorCodes } from "./error-codes.ts";

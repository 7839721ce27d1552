export type { MemoryStoreFactory } from "./describe-memory-store.ts";
export { describeMemoryStore } from "./describe-memory-store.ts";
export type { SearchIndexFactory } from "./describe-search-index.ts";
export { describeSearchIndex } from "./describe-search-index.ts";

export type { MemoryStoreFactory } from "./describe-memory-store.ts";
export { describeMemoryStore } from "./describe-memory-store.ts";

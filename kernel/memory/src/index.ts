export { memoryErrorCodes } from "./error-codes.ts";
export { foldPath, memoryNamespaces, memoryPathNames } from "./store/memory-path.ts";
export type { MemoryEntry, MemoryFile, MemoryPrecondition, MemoryStore } from "./store/memory-store.ts";
export { assertExpected, assertMemoryText, etagOf, memoryLimits } from "./store/memory-store.ts";
export { createTransientStore } from "./store/transient-store.ts";
export type { FileStoreOptions } from "./store/file-store.ts";
export { createFileStore } from "./store/file-store.ts";

export type { CompiledPatterns, Finding } from "./compiled-patterns.ts";
export { compilePatterns, lookBehind } from "./compiled-patterns.ts";
export type { OwnPattern, SecretPattern } from "./secret-patterns.ts";
export { secretPatterns } from "./secret-patterns.ts";

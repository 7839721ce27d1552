export type { ProbeName } from "./probe-check.ts";
export { probeNames } from "./probe-check.ts";
export type { ProbeFinding, ProbeOptions } from "./probe-model.ts";
export { probeModel } from "./probe-model.ts";
export { claimOf, contradicts, factsFrom } from "./compare.ts";

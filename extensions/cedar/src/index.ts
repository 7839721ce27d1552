export type { CedarOptions } from "./cedar-policies.ts";
export { createCedarDecisionPoint } from "./cedar-decision-point.ts";
export type { CedarPolicyOptions } from "./cedar-policy.ts";
export { createCedarPolicy } from "./cedar-policy.ts";
export { cedarErrorCodes } from "./error-codes.ts";

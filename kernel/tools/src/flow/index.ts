export type { FlowCall } from "./call-facts.ts";
export { createFlowControl } from "./flow-control.ts";
export type { FlowContext, FlowControl, FlowOptions } from "./flow-control.ts";
export type { CallFacts } from "./flow-place.ts";
export { defaultFlowRules } from "./flow-rule.ts";
export type { FlowRule } from "./flow-rule.ts";
export { isSaidBy } from "./is-said-by.ts";
export { secretsIn } from "./secrets-in.ts";
export { labelContent, labelOfContent } from "../label-content.ts";

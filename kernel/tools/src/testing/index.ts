export { describeEnvironment } from "./describe-environment.ts";
export { describeTransactions } from "./describe-transactions.ts";
export type { EnvironmentFactory } from "./environment-fixture.ts";
export { createToolContext, createWorkspaceContext } from "./tool-context.ts";

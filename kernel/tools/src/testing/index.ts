export { describeEnvironment } from "./describe-environment.ts";
export type { EnvironmentFactory } from "./environment-fixture.ts";

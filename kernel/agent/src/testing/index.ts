export type { ModelFixture, ModelScenario } from "./describe-model.ts";
export { describeModel } from "./describe-model.ts";

export type { EmbeddingFixture, EmbeddingScenario } from "./describe-embedding-model.ts";
export { describeEmbeddingModel } from "./describe-embedding-model.ts";
export type { ModelFixture, ModelScenario } from "./describe-model.ts";
export { describeModel } from "./describe-model.ts";
export type { ModelFaultSubject } from "./describe-model-faults.ts";
export { describeModelFaults } from "./describe-model-faults.ts";
export type { Fault, FaultServer, FaultWire } from "./fault-server.ts";
export { startFaultServer } from "./fault-server.ts";

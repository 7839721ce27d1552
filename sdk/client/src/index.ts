export type { TauClientOptions } from "./create-tau-client.ts";
export { createTauClient } from "./create-tau-client.ts";
export { clientErrorCodes } from "./error-codes.ts";
export { eventFromProto } from "./event-from-proto.ts";
export type { ReconnectOptions } from "./follow-session.ts";
export type { Grant } from "./grant-from-proto.ts";
export type { SessionInfo } from "./session-from-proto.ts";
export type {
  Answer,
  AttachOptions,
  CallOptions,
  NewSession,
  RunOptions,
  SessionPage,
  TauClient,
} from "./tau-client.ts";
export type { ApprovedPlan, Plan, PlanInfo, Readiness, ReadinessVerdict } from "./work-from-proto.ts";

export type { Authenticator, BearerToken, Identity } from "./authenticator.ts";
export { createBearerAuthenticator, createLocalAuthenticator } from "./authenticator.ts";
export { serverErrorCodes } from "./error-codes.ts";
export type {
  BoundRunRequest,
  PlanToCarryOut,
  ReadinessRequest,
  ReadinessVerdict,
  ServedPlan,
  ServedWork,
} from "./served-work.ts";
export type { ServerLimits } from "./server-limits.ts";
export { defaultServerLimits } from "./server-limits.ts";
export type { RunningServer, ServerOptions } from "./start-server.ts";
export { startServer } from "./start-server.ts";
export type { StreamStats } from "./stream-gauge.ts";

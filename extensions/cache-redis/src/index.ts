export type { RedisTier, RedisTierOptions } from "./create-redis-tier.ts";
export { createRedisTier } from "./create-redis-tier.ts";
export { redisErrorCodes } from "./error-codes.ts";

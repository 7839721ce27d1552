/** Codes of the failures this package throws. */
export const redisErrorCodes = {
  "redis.invalid_url":
    "The address of the Redis server is not one. Write `redis://HOST:PORT`, or `rediss://` for TLS; name and password may stand before the host.",
  "redis.unavailable":
    "The Redis server did not answer in time or refused. A cache that cannot be read is a miss; a purge must be repeated.",
} as const;

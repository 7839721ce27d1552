/** What the command's exit code says. Documented in `tau --help` and the README. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  denied: 3,
  limit: 4,
  unhealthy: 5,
  waiting: 6,
  interrupted: 130,
} as const;

/** What the command's exit code says. Documented in `tau --help` and the README. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  denied: 3,
  limit: 4,
  unhealthy: 5,
  waiting: 6,
  hungUp: 129,
  interrupted: 130,
  outputClosed: 141,
  terminated: 143,
} as const;

const usageCodes =
  /^(cli|config|permission)\.|^(provider\.not_found|readiness\.invalid|plan\.not_found|choice\.no_tier|model\.no_compatible_candidate|client\.invalid_url|kubernetes\.config|container\.invalid_address|egress\.invalid_rule|server\.token_.*)$/u;
const deniedCodes =
  /^sandbox\.|^(?:environment\.denied|readiness\.blocked|run\.blocked|memory\.needs_person|plan\.(?:changed|expired|not_approved|used))$/u;

/** The exit code for a failure, by its error code. */
export function exitCodeOfError(code: string): number {
  if (usageCodes.test(code)) return exitCodes.usage;
  return deniedCodes.test(code) ? exitCodes.denied : exitCodes.failed;
}

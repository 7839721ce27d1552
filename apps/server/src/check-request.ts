import { TauError } from "@tau/core";

import type { Rule } from "./request-rules.ts";

/**
 * Lets a request pass that breaks no rule.
 *
 * @throws TauError `request.invalid`, with every field, reason and fix in message and details
 */
export function checkRequest<Request>(rule: Rule<Request>, request: Request): void {
  const violations = rule(request);
  if (violations.length === 0) return;
  throw new TauError(
    "request.invalid",
    `${violations.map(({ field, reason }) => `${field} ${reason}`).join("; ")}.`,
    { details: { violations: violations.map(({ field, reason }) => ({ field, reason })) } },
  );
}

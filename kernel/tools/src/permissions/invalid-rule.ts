import { TauError } from "@tau/core";

/** The failure for a rule that cannot be read: names the rule, what is wrong with it and how to write it. */
export function invalidRule(rule: string, problem: string, fix: string): TauError {
  return new TauError("permission.invalid_rule", `The permission rule "${rule}" ${problem}. ${fix}.`, {
    details: { rule },
  });
}

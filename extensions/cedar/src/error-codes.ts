/** Codes of the failures this package throws. */
export const cedarErrorCodes = {
  "cedar.invalid":
    "A Cedar policy or schema cannot be read, or the policies do not fit the schema. The message has Cedar's words.",
  "cedar.undecided":
    "Cedar could not evaluate a policy, so the request counts as denied. The message names the policy; correct it.",
} as const;

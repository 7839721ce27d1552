/** What stands where a secret was. */
export const redacted = "[redacted]";

/** The shortest end of a cut text, in characters, that counts as the beginning of a secret. */
export const leastPrefix = 6;

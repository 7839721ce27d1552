/** Codes of the failures this package throws, or puts in front of an error result for the model. */
export const scriptErrorCodes = {
  "script.failed": "A script threw, or did not compile; the message has its words and the line. Correct it.",
  "script.too_many_calls": "A script called tools more often than it may. Do less in one script.",
  "script.unavailable":
    "Nothing in this program lets tools call others, so there is nothing that a script could do.",
} as const;

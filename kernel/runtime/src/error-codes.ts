/** Codes of the failures this package throws, or that its ports promise. */
export const runtimeErrorCodes = {
  "journal.conflict":
    "An append expected another version than the stream has: somebody else appended. Read the new events, decide again, append again.",
  "journal.closed": "The journal was closed. Open it again.",
  "journal.invalid_stream":
    "The stream's name has other characters than a-z, A-Z, 0-9, `.`, `_`, `:`, `/` and `-`, or is empty or longer than 200. Choose another name.",
  "journal.unavailable":
    "The journal could not write or read its disk, so nothing was acknowledged. Free space or repair the disk, then try again.",
  "lease.invalid_key":
    "The key of a lease has other characters than a-z, A-Z, 0-9, `.`, `_`, `:`, `/` and `-`, or is empty or longer than 200. Choose another key.",
} as const;

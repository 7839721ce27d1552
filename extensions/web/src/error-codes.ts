/** Codes of the failures this package throws. */
export const webErrorCodes = {
  "web.invalid_request":
    "The request cannot be sent: its method, a header or its body is not allowed. The message says which; correct it.",
  "web.rate_limited":
    "The host was asked too often. Wait as long as the message says, or use another source.",
  "web.timeout": "The host did not answer in time. Try later, or ask for less.",
  "web.binary":
    "What the host sent is not text, and larger than is kept. Ask for a smaller file, or download it with a command.",
  "web.search_failed":
    "The search service refused or failed. The message has its status; check its key and its quota, or try later.",
} as const;

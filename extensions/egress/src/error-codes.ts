/** Codes of the failures this package throws. */
export const egressErrorCodes = {
  "egress.denied":
    "The request goes where it may not: a host or port that is not listed, or an address that is not public. The message says which; ask the person to list it under [network] in tau.toml, or use another source.",
  "egress.invalid_url":
    "The URL cannot be fetched: it is not http or https, names no host, or holds a user or password. Correct it.",
  "egress.invalid_rule":
    "A host or an address range of the settings cannot be read, or covers more than it may. The message says how to write it.",
  "egress.unresolved": "The host's name has no address. Check its spelling and the resolver.",
  "egress.failed":
    "The connection could not be made, broke, or its certificate is not valid for the host. Check the host and the port.",
  "egress.unavailable":
    "Named hosts cannot be opened to jailed commands on this machine. The message says what to install or to allow; or grant the whole network, or none.",
  "egress.too_many_redirects":
    "The host redirected more often than is followed. Request the final address yourself.",
} as const;

/** Codes of the failures this package makes itself; those of the server pass through unchanged. */
export const clientErrorCodes = {
  "client.unreachable":
    "Nothing answers at the server's address, or the connection broke. Check the address and that the server runs.",
  "client.protocol":
    "What answered does not speak this contract: another service, an older server, or a proxy. Check the address and versions.",
  "client.invalid_url": "The server's address is not a URL with http or https.",
} as const;

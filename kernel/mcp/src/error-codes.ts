/** Codes of the failures this package throws. */
export const mcpErrorCodes = {
  "mcp.invalid_name":
    "An MCP server's name is not 1 to 32 letters and digits with single `-` or `_` between them. Rename it.",
  "mcp.invalid_lock":
    "An mcp.lock cannot be read or was edited by hand. Look at the servers, then approve them again.",
} as const;

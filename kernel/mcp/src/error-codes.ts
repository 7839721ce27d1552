/** Codes of the failures this package throws, or puts in front of an error result for the model. */
export const mcpErrorCodes = {
  "mcp.already_offered":
    "A server of ours offers something of that name already. Remove it first, or choose another name.",
  "mcp.rate_limited":
    "A client called tools of a server of ours more often than it may. `retryAfterMs` tells when there is room again.",
  "mcp.invalid_name":
    "An MCP server's name is not 1 to 32 letters and digits with single `-` or `_` between them. Rename it.",
  "mcp.invalid_config":
    "The configuration of an MCP server makes no sense. The message names the key and what it must be.",
  "mcp.invalid_lock":
    "An mcp.lock cannot be read or was edited by hand. Look at the servers, then approve them again.",
  "mcp.unknown_server": "No MCP server of that name is configured. The message names those that are.",
  "mcp.not_approved":
    "Nobody approved the MCP server, its command or address changed, or nobody approved what is wanted of it. Inspect it, then approve it.",
  "mcp.quarantined":
    "What the MCP server defines is not what was approved. Look at the difference, then approve it again or remove it.",
  "mcp.unavailable":
    "The MCP server cannot be started or reached, or its connection broke. It is tried again at the next call, after a pause that grows.",
  "mcp.timeout": "The MCP server did not answer in time. Raise the server's `timeout_ms`, or ask for less.",
  "mcp.call_failed": "The MCP server answered a request with an error; its words follow, as data.",
  "mcp.invalid_answer":
    "The MCP server answered something that the protocol or the tool's output schema does not allow. Report it to whoever makes the server.",
  "mcp.too_large": "The MCP server sent more than is taken of it at once. Ask for less.",
  "mcp.unsupported": "The MCP server, or the revision it speaks, does not have what was asked for.",
  "mcp.ambiguous_question":
    "An MCP server that runs here asked the person something while several calls of one session were under way, and nothing says for which. From then on its calls go one by one: call again.",
  "mcp.too_many_tasks":
    "A client has as many tasks at a server of ours as it may have. Wait for one, or cancel it.",
  "mcp.sampling_refused":
    "The MCP server wanted a model to be asked, and its budget is used up or nobody agreed.",
  "mcp.unauthorized":
    "The MCP server wants an authorization that is missing, was refused or ran out. Authorize it again.",
  "mcp.authorization_failed":
    "An authorization for an MCP server went wrong: an address, an issuer or a state that does not fit. Nothing was sent on. Try again, and distrust the server when it stays.",
} as const;

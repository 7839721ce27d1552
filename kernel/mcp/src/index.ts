export { mcpErrorCodes } from "./error-codes.ts";
export { findDeceptive, showHidden, spell } from "./pins/show-hidden.ts";
export { assertServerName, toToolName } from "./tool-name.ts";

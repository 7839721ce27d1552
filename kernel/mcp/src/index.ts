export { mcpErrorCodes } from "./error-codes.ts";
export type { AskPerson, PersonAnswer, PersonRequest } from "./client/ask-person.ts";
export type { McpRoot } from "./client/answer-server.ts";
export type { McpClientOptions, McpLogEntry, McpLogLevel } from "./client/client-options.ts";
export type { McpClock } from "./client/clock.ts";
export type { McpClient } from "./client/create-mcp-client.ts";
export { createMcpClient } from "./client/create-mcp-client.ts";
export type { McpFetch } from "./client/mcp-fetch.ts";
export type { McpInspection, McpServerHandle, McpServerState } from "./client/mcp-server-handle.ts";
export type { McpReach, OwnedServerHost } from "./client/open-transport.ts";
export type { SamplingOptions, SamplingRequest } from "./client/sampling.ts";
export type { ServerHost, ServerProcess } from "./client/server-process.ts";
export type { CompletionRequest, McpResource } from "./client/server-requests.ts";
export type { UnusableTool } from "./client/to-tool.ts";
export { describeEndpoint, hashEndpoint } from "./config/endpoint.ts";
export { parseMcpServers } from "./config/parse-servers.ts";
export type {
  HttpServer,
  McpServerConfig,
  OAuthConfig,
  StdioServer,
  ToolOverride,
} from "./config/server-config.ts";
export type { AskAuthorization, OAuthOptions } from "./oauth/authorization.ts";
export type { McpCredentialKey, McpCredentialStore } from "./oauth/credential-store.ts";
export { createMemoryCredentialStore } from "./oauth/credential-store.ts";
export type { OAuthClientIdentity } from "./oauth/oauth-provider.ts";
export type { DefinitionStatus, DefinitionVerdict } from "./pins/compare-definitions.ts";
export { compareDefinitions } from "./pins/compare-definitions.ts";
export type { Definition, DefinitionKind } from "./pins/definition.ts";
export { hashDefinition } from "./pins/definition.ts";
export { diffDefinitions } from "./pins/definition-diff.ts";
export type { McpLock, PinnedDefinition, ServerLock } from "./pins/mcp-lock.ts";
export { mcpLockName, parseMcpLock, pinDefinition, renderMcpLock } from "./pins/mcp-lock.ts";
export { renderDefinition } from "./pins/render-definition.ts";
export { findDeceptive, showHidden, spell } from "./pins/show-hidden.ts";
export { assertServerName, toToolName } from "./tool-name.ts";

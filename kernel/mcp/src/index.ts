export { mcpErrorCodes } from "./error-codes.ts";
export { askInRun } from "./client/ask-in-run.ts";
export type { FormField } from "./client/form-fields.ts";
export { formFields } from "./client/form-fields.ts";
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
export { findMentions } from "./pins/find-mentions.ts";
export type { McpLock, PinnedDefinition, ServerLock } from "./pins/mcp-lock.ts";
export { mcpLockName, parseMcpLock, pinDefinition, renderMcpLock } from "./pins/mcp-lock.ts";
export { renderDefinition } from "./pins/render-definition.ts";
export { findDeceptive, showHidden, spell } from "./pins/show-hidden.ts";
export { assertServerName, toToolName } from "./tool-name.ts";
export type {
  Connection,
  ConnectionOptions,
  McpServer,
  McpServerOptions,
} from "./server/create-mcp-server.ts";
export { createMcpServer } from "./server/create-mcp-server.ts";
export type { McpEndpoint, McpEndpointOptions } from "./server/create-mcp-endpoint.ts";
export { createMcpEndpoint } from "./server/create-mcp-endpoint.ts";
export { createFileTools, offerFiles } from "./server/filesystem-server.ts";
export type { FindCaller } from "./server/http-caller.ts";
export type { McpListener } from "./server/listen.ts";
export { listenMcp } from "./server/listen.ts";
export type { OfferPromptsOptions } from "./server/offer-prompts.ts";
export { offerPrompts } from "./server/offer-prompts.ts";
export type { CallAudit, OfferToolsOptions } from "./server/offer-tools.ts";
export { offerTools } from "./server/offer-tools.ts";
export type { RateLimit, RateLimiter } from "./server/rate-limit.ts";
export { createRateLimiter } from "./server/rate-limit.ts";
export type {
  McpRequest,
  ServedPrompt,
  ServedResource,
  ServedResourceTemplate,
  ServedTool,
} from "./server/served.ts";
export type { StdioOptions, StdioService } from "./server/serve-stdio.ts";
export { serveMcpStdio } from "./server/serve-stdio.ts";
export type { ManagedServer, McpServerManager, ServerStatus } from "./server/server-manager.ts";
export { createMcpServerManager } from "./server/server-manager.ts";

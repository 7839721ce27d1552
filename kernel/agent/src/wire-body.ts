import type { Json, JsonObject, ProviderData, ToolDefinition } from "@tau/core";

import type { ModelRequest } from "./model.ts";
import { modelError } from "./model-error.ts";
import type { ModelIdentity } from "./model-error.ts";

const noOptions: JsonObject = {};

/**
 * Joins the fields of a request body: settings as values, then lists as JSON text, the one that grows last,
 * so that a longer conversation begins with the bytes of the shorter one. `options` win over both. Names of lists need no
 * escapes.
 */
export function joinBody(
  settings: Readonly<Record<string, Json | undefined>>,
  lists: Readonly<Record<string, string | undefined>>,
  options: JsonObject = noOptions,
): string {
  // Added, not joined: the few pieces are copied once, when the socket needs them, however long they are.
  let body = JSON.stringify(options === noOptions ? settings : { ...settings, ...options }).slice(0, -1);
  for (const name in lists) {
    const text = lists[name];
    if (text === undefined || Object.hasOwn(options, name)) continue;
    body += `${body === "{" ? "" : ","}"${name}":${text}`;
  }
  return `${body}}`;
}

/**
 * Writes the list of tools: Tau's own, then those that run at the provider. Undefined when there are none.
 *
 * @throws TauError `model.unsupported_content` for a provider's tool of another protocol
 */
export function toolList(
  request: ModelRequest,
  writeTools: (tools: readonly ToolDefinition[]) => string,
  owner: { readonly protocol: string; readonly identity: ModelIdentity },
): string | undefined {
  const { tools, providerTools = [] } = request;
  const own = tools.length === 0 ? [] : [writeTools(tools)];
  const fragments = [...own, ...providerTools.map((tool) => JSON.stringify(ownTool(tool, owner)))];
  return fragments.length === 0 ? undefined : `[${fragments.join(",")}]`;
}

/**
 * The data of a tool that runs at the provider.
 *
 * @throws TauError `model.unsupported_content` for a tool of another protocol
 */
export function ownTool(
  tool: ProviderData,
  { protocol, identity }: { readonly protocol: string; readonly identity: ModelIdentity },
): JsonObject {
  if (tool.protocol === protocol) return tool.data;
  throw modelError("model.unsupported_content", identity, {
    sentence: `speaks ${protocol} and cannot run a tool of ${tool.protocol}. Leave it out of providerTools`,
  });
}

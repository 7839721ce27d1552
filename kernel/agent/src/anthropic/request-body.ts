import type { JsonObject, Message, ToolDefinition } from "@tau/core";

import type { ModelIdentity } from "../model-error.ts";
import type { ModelRequest } from "../model.ts";
import { toOutputShape } from "../output-shape/output-shape.ts";
import { toRespondTool } from "../output-shape/respond-tool.ts";
import { joinBody, toolList } from "../wire-body.ts";
import { conversationWriter, listWriter } from "../wire-fragments.ts";
import { anthropicProtocol } from "./block-data.ts";
import type { AnthropicBodyOptions } from "./body-options.ts";
import { placeMarkers } from "./cache-markers.ts";
import type { CacheMarkers } from "./cache-markers.ts";
import { withContainer } from "./container.ts";
import { toMessageJson } from "./message-fragment.ts";
import { toSettings } from "./settings.ts";

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createAnthropicBodyWriter(options: AnthropicBodyOptions): (request: ModelRequest) => string {
  const { identity } = options;
  const writeMessages = conversationWriter((message: Message) => toMessageJson(message, options));
  const writeTools = listWriter((tool: ToolDefinition) =>
    JSON.stringify(nativeTool(tool, identity) ?? toWireTool(tool)),
  );

  function toolsOf(
    request: ModelRequest,
    respond: readonly ToolDefinition[],
    markers: CacheMarkers,
  ): string | undefined {
    const tools = [...request.tools, ...respond];
    const write = (all: readonly ToolDefinition[]): string =>
      writeTools(all, { ...markers, fromEnd: 1, places: markers.tools });
    return toolList({ ...request, tools }, write, { protocol: anthropicProtocol, identity });
  }

  return (request) => {
    const extra = withContainer(request, Date.now());
    const shape = toOutputShape(request, options.enforcesSchema, identity);
    const markers = placeMarkers(request, extra, options);
    return joinBody(
      toSettings(request, shape, options),
      {
        tools: toolsOf(request, shape?.kind === "tool" ? [toRespondTool(shape.schema)] : [], markers),
        system: toSystem(request, markers),
        messages: `[${writeMessages(request.messages, { ...markers, fromEnd: 3, places: markers.messages })}]`,
      },
      extra,
    );
  };
}

/** A tool that the provider's own models were taught: servers that only speak its protocol may not know it. */
function nativeTool(
  { native = [] }: ToolDefinition,
  { provider, model }: ModelIdentity,
): JsonObject | undefined {
  // Models before the fourth generation were taught none.
  if (provider !== anthropicProtocol || /^claude-(?:3|2|instant)/u.test(model)) return undefined;
  return native.find(({ protocol }) => protocol === anthropicProtocol)?.data;
}

/** A tool on the wire. */
export function toWireTool(tool: ToolDefinition): {
  readonly name: string;
  readonly description: string;
  readonly input_schema: { readonly type: "object" };
} {
  return {
    name: tool.name,
    description: tool.description,
    input_schema: { ...tool.inputSchema, type: "object" },
  };
}

function toSystem({ system }: ModelRequest, markers: CacheMarkers): string | undefined {
  if (system === undefined || system.trim() === "") return undefined;
  const block = JSON.stringify({ type: "text", text: system });
  return `[${markers.system ? `${block.slice(0, -1)}${markers.text}}` : block}]`;
}

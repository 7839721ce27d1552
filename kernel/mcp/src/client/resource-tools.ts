import { untrusted } from "@tau/core";
import type { CallContext, ToolResultContent } from "@tau/core";
import { defineTool, textOutput } from "@tau/tools";
import type { Tool } from "@tau/tools";

import type { PinnedDefinition } from "../pins/mcp-lock.ts";
import type { McpResource } from "./server-requests.ts";

/** What agents need of a server to read its resources. */
export interface ResourceSource {
  readonly name: string;
  /** Its approved templates of addresses. */
  readonly templates: readonly PinnedDefinition[];
  listResources(call: CallContext): Promise<readonly McpResource[]>;
  readResource(uri: string, call: CallContext): Promise<readonly ToolResultContent[]>;
}

/** Resources that one answer lists; of more, a query finds the right ones. */
const maxListed = 100;
const maxUriLength = 2_048;

/**
 * The two tools by which agents list and read a server's resources. Which address is asked for is the model's word, which
 * leaves this machine: so a call counts as one that tells somebody outside, and as one that brings in what nobody vouches for.
 */
export function resourceTools(source: ResourceSource, timeoutMs: number): readonly Tool[] {
  const { name: server } = source;
  const common = {
    sideEffect: "idempotent",
    effects: ["external", "read_untrusted"],
    label: untrusted(`mcp:${server}`),
    group: server,
    timeoutMs,
  } as const;
  return [
    defineTool<{ readonly query?: string }>({
      ...common,
      name: `${server}__list_resources`,
      description: `Lists what the MCP server "${server}" has to read: addresses for ${server}__read_resource.`,
      input: {
        type: "object",
        properties: {
          query: {
            type: "string",
            description: "Only what has this text in its address or in what is said of it.",
          },
        },
        additionalProperties: false,
      },
      execute: async ({ query = "" }, { call, signal }) =>
        textOutput(list(source.templates, await source.listResources({ ...call, signal }), query)),
    }),
    defineTool<{ readonly uri: string }>({
      ...common,
      name: `${server}__read_resource`,
      description: `Reads a resource of the MCP server "${server}".`,
      input: {
        type: "object",
        properties: { uri: { type: "string", minLength: 1, maxLength: maxUriLength } },
        required: ["uri"],
        additionalProperties: false,
      },
      execute: async ({ uri }, { call, signal }) => ({
        content: await source.readResource(uri, { ...call, signal }),
      }),
    }),
  ];
}

function list(
  templates: readonly PinnedDefinition[],
  resources: readonly McpResource[],
  query: string,
): string {
  const wanted = query.toLowerCase();
  const found = [...templates.map(({ body }) => body), ...resources]
    .map((entry) => JSON.stringify(entry))
    .filter((line) => line.toLowerCase().includes(wanted));
  if (found.length === 0) return query === "" ? "There is nothing to read." : "Nothing fits the query.";
  const lines = found.slice(0, maxListed);
  const more = found.length - lines.length;
  return [...lines, ...(more === 0 ? [] : [`(${more} more: narrow the query)`])].join("\n");
}

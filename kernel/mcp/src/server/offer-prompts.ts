import type { Prompt, PromptMessage } from "@modelcontextprotocol/server";
import { isJsonObject } from "@tau/core";
import type { Json, Message } from "@tau/core";

import type { McpServerHandle } from "../client/mcp-server-handle.ts";
import type { PinnedDefinition } from "../pins/mcp-lock.ts";
import { toToolName } from "../tool-name.ts";
import type { McpServer } from "./create-mcp-server.ts";
import type { RateLimiter } from "./rate-limit.ts";
import { toBlock } from "./to-block.ts";

/** Options of {@link offerPrompts}. */
export interface OfferPromptsOptions {
  readonly servers: readonly McpServerHandle[];
  readonly limit?: RateLimiter;
}

/**
 * Offers the approved prompts of other servers under `server__prompt`. A prompt that is not the approved one any more is
 * refused when a client wants it.
 *
 * @throws TauError `mcp.already_offered`
 */
export function offerPrompts(server: McpServer, { servers, limit }: OfferPromptsOptions): void {
  for (const handle of servers) {
    for (const pinned of handle.prompts) {
      server.addPrompt({
        definition: toDefinition(toToolName(handle.name, pinned.name), pinned),
        async get(args, { call }) {
          limit?.(call);
          return { messages: toMessages(await handle.getPrompt(pinned.name, args, call)) };
        },
        async complete(argument, value, { call }) {
          limit?.(call);
          return await handle.complete({ of: { prompt: pinned.name }, argument, value }, call);
        },
      });
    }
  }
}

function toDefinition(name: string, { body }: PinnedDefinition): Prompt {
  const { title, description, arguments: taken } = body;
  return {
    name,
    ...(typeof title === "string" ? { title } : {}),
    ...(typeof description === "string" ? { description } : {}),
    arguments: (Array.isArray(taken) ? taken : []).flatMap(toArgument),
  };
}

function toArgument(value: Json): NonNullable<Prompt["arguments"]> {
  if (!isJsonObject(value)) return [];
  const { name, description, required } = value;
  if (typeof name !== "string") return [];
  return [
    {
      name,
      ...(typeof description === "string" ? { description } : {}),
      ...(typeof required === "boolean" ? { required } : {}),
    },
  ];
}

/** Prompts hold text, pictures and files of a person or of a model, and nothing else. */
function toMessages(messages: readonly Message[]): PromptMessage[] {
  return messages.flatMap(({ role, parts }) =>
    parts.flatMap((part): PromptMessage[] =>
      role !== "tool" && (part.type === "text" || part.type === "image" || part.type === "file")
        ? [{ role, content: toBlock(part) }]
        : [],
    ),
  );
}

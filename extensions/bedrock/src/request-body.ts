import {
  chooseCacheMarks,
  joinBody,
  toolList,
  toOutputShape,
  toRespondTool,
  wellFormedJson,
} from "@tau/agent/adapter";
import type { ModelRequest } from "@tau/agent";
import type { CacheMarks } from "@tau/agent/adapter";
import type { Message, ToolDefinition } from "@tau/core";

import type { ConverseBodyOptions } from "./body-options.ts";
import { toContentJson } from "./message-content.ts";
import { converseProtocol } from "./provider-data.ts";
import { toSettings, toToolChoice, withExtra } from "./settings.ts";

/** The provider takes no more marks in a request. */
const maxMarks = 4;

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createConverseBodyWriter(options: ConverseBodyOptions): (request: ModelRequest) => string {
  const contents = new WeakMap<Message, string>();
  const tools = new WeakMap<ToolDefinition, string>();
  const contentOf = (message: Message): string =>
    remember(contents, message, (given) => toContentJson(given, options));
  const toolOf = (tool: ToolDefinition): string =>
    remember(tools, tool, (given) => JSON.stringify(toWireTool(given)));
  const mark = `{"cachePoint":{"type":"default"${options.promptCache === "1h" ? ',"ttl":"1h"' : ""}}}`;

  function toolsOf(
    request: ModelRequest,
    declared: readonly ToolDefinition[],
    marks: CacheMarks,
  ): string | undefined {
    const marked = new Set(marks.tools);
    const write = (all: readonly ToolDefinition[]): string =>
      all.map((tool, place) => (marked.has(place) ? `${toolOf(tool)},${mark}` : toolOf(tool))).join(",");
    return toolList({ ...request, tools: declared }, write, {
      protocol: converseProtocol,
      identity: options.identity,
    });
  }

  return (request) => {
    const shape = toOutputShape(request, options.family.enforcesSchema, options.identity);
    const respond = shape?.kind === "tool" ? [toRespondTool(shape.schema)] : [];
    const declared = [...declaredTools(request), ...respond];
    const marks = chooseCacheMarks(request, options.promptCache === "none" ? 0 : maxMarks);
    const list = toolsOf(request, declared, marks);
    const choice = toToolChoice(request, shape, options.family);
    const settings = toSettings(request, shape, options);
    return joinBody(
      settings,
      {
        toolConfig:
          list === undefined
            ? undefined
            : `{"tools":${list}${choice === undefined ? "" : `,"toolChoice":${JSON.stringify(choice)}`}}`,
        system: toSystem(request, marks.system ? mark : undefined),
        messages: toTurns(request.messages, contentOf, new Map(marks.messages.map((place) => [place, mark]))),
      },
      withExtra(settings, request.providerOptions?.[converseProtocol]),
    );
  };
}

/** A tool on the wire. */
function toWireTool(tool: ToolDefinition): {
  readonly toolSpec: {
    readonly name: string;
    readonly description?: string;
    readonly inputSchema: { readonly json: { readonly type: "object" } };
  };
} {
  return {
    toolSpec: {
      name: tool.name,
      // The protocol refuses an empty one.
      ...(tool.description === "" ? {} : { description: tool.description }),
      inputSchema: { json: { ...tool.inputSchema, type: "object" } },
    },
  };
}

/**
 * The tools of the request. The protocol has no word for "call nothing", and refuses calls in the history
 * without any tool: only without both can the tools be left out.
 */
function declaredTools({ tools, toolChoice, messages }: ModelRequest): readonly ToolDefinition[] {
  if (tools.length > 0 && toolChoice !== "none") return tools;
  const called = new Set<string>();
  for (const message of messages) {
    if (message.role !== "assistant") continue;
    for (const part of message.parts) if (part.type === "tool_call") called.add(part.name);
  }
  const known = new Map(tools.map((tool) => [tool.name, tool]));
  return [...called].map(
    (name) =>
      known.get(name) ?? { name, description: "Not available any more.", inputSchema: { type: "object" } },
  );
}

/** Messages as turns that alternate, as the protocol demands: results of tools and what a person adds are one. */
function toTurns(
  messages: readonly Message[],
  contentOf: (message: Message) => string,
  marks: ReadonlyMap<number, string>,
): string {
  const turns: { readonly role: string; readonly blocks: string[] }[] = [];
  for (const [place, message] of messages.entries()) {
    const content = contentOf(message);
    if (content === "") continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const mark = marks.get(place);
    const blocks = mark === undefined ? [content] : [content, mark];
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else turns.push({ role, blocks });
  }
  return `[${turns.map(({ role, blocks }) => `{"role":"${role}","content":[${blocks.join(",")}]}`).join(",")}]`;
}

function toSystem({ system }: ModelRequest, mark: string | undefined): string | undefined {
  if (system === undefined || system.trim() === "") return undefined;
  return `[${JSON.stringify({ text: system })}${mark === undefined ? "" : `,${mark}`}]`;
}

function remember<Value extends object>(
  known: WeakMap<Value, string>,
  value: Value,
  write: (value: Value) => string,
): string {
  let text = known.get(value);
  if (text === undefined) known.set(value, (text = wellFormedJson(write(value))));
  return text;
}

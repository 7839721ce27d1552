import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject, ToolCallPart } from "@tau/core";

import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import type { ShownTools } from "./shown-tools.ts";
import { createWordIndex } from "./word-index.ts";

/** Names of the two tools by which a model reaches those that it is not shown. */
export const searchToolName = "tool_search";
export const callToolName = "tool_call";

const mostFound = 10;
const mostListed = 200;

interface SearchInput {
  readonly query?: string;
  readonly group?: string;
  readonly limit?: number;
}

/**
 * Makes the tool that finds tools. What it finds stands in its result, at the end of the conversation: the beginning of
 * the prompt stays the same, byte for byte, and what was found is in the log.
 */
export function createSearchTool({ groups }: ShownTools): Tool<SearchInput> {
  const names = [...groups.keys()];
  let search: ((input: SearchInput) => readonly Tool[]) | undefined;
  return defineTool<SearchInput>({
    name: searchToolName,
    description: `Finds tools that are not listed here. There are more of them for: ${names.join(", ")}. Search by what you want to do: {"query": "create an issue"}; within one: {"query": "…", "group": "…"}; or list one: {"group": "…"}. Call what you find with ${callToolName}.`,
    input: {
      type: "object",
      properties: {
        query: { type: "string", maxLength: 1_000, description: "Words of what the tool should do." },
        group: { type: "string", enum: names },
        limit: { type: "integer", minimum: 1, maximum: mostFound, description: "Default 5." },
      },
      additionalProperties: false,
    },
    sideEffect: "pure",
    execute: (input) => {
      search ??= searcherOf(groups);
      if (input.query === undefined) return namesOf(groups, input.group);
      const found = search(input);
      if (found.length === 0) return "No tool has these words. Try others, or list a group.";
      return `${found.map(describeTool).join("\n")}\nCall one with ${callToolName}: {"tool": "${found[0]?.name ?? ""}", "arguments": {…}}.`;
    },
  });
}

function searcherOf(groups: ShownTools["groups"]): (input: SearchInput) => readonly Tool[] {
  const tools = [...groups].flatMap(([group, members]) => members.map((tool) => ({ group, tool })));
  const index = createWordIndex(
    tools.map(({ group, tool: { name, description, inputSchema } }) => [
      { text: name, weight: 3 },
      { text: group, weight: 1 },
      { text: description, weight: 1 },
      { text: Object.keys(propertiesOf(inputSchema)).join(" "), weight: 0.5 },
    ]),
  );
  return ({ query = "", group, limit = 5 }) =>
    index
      .find(query, group === undefined ? limit : tools.length)
      .flatMap(({ at }) => {
        const found = tools[at];
        return found === undefined || (group !== undefined && found.group !== group) ? [] : [found.tool];
      })
      .slice(0, limit);
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return isJsonObject(properties) ? properties : {};
}

function namesOf(groups: ShownTools["groups"], group: string | undefined): string {
  if (group === undefined) return `Give a query, or one of the groups: ${[...groups.keys()].join(", ")}.`;
  const names = (groups.get(group) ?? []).map(({ name }) => name);
  const more = names.length > mostListed ? `\n(${names.length - mostListed} more: search among them)` : "";
  return `${names.slice(0, mostListed).join("\n")}${more}`;
}

/** A tool as a model reads it. Whoever wrote the description may be a server: its lines cannot look like another tool. */
function describeTool({ name, description, inputSchema }: Tool): string {
  return JSON.stringify({ tool: name, description, arguments: inputSchema });
}

/** Makes the tool that stands for every tool that is not shown; its calls are those of the tool that they name. */
export function createCallTool(): Tool {
  return defineTool({
    name: callToolName,
    description: `Calls a tool that ${searchToolName} found, with arguments that fit what it showed.`,
    input: {
      type: "object",
      properties: {
        tool: { type: "string", description: "The tool's name." },
        arguments: { type: "object", description: "What the tool takes." },
      },
      required: ["tool", "arguments"],
      additionalProperties: false,
    },
    // What it really is says the tool that is called; nothing is run under this name.
    sideEffect: "irreversible",
    execute: () => ({ content: [{ type: "text", text: "Nothing was called." }], isError: true }),
  });
}

/** The call that a call of `tool_call` stands for; undefined where it names none. */
export function targetOf(call: ToolCallPart): ToolCallPart | undefined {
  const parsed = parseJson(call.arguments);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { tool, arguments: args = {} } = parsed.value;
  if (typeof tool !== "string" || !isJsonObject(args)) return undefined;
  return { ...call, name: tool, arguments: JSON.stringify(args) };
}

/** The same call with other arguments for the tool that it names. */
export function retargeted(call: ToolCallPart, tool: string, args: JsonObject): ToolCallPart {
  return { ...call, arguments: JSON.stringify({ tool, arguments: args }) };
}

import type { Client } from "@modelcontextprotocol/client";
import { isJsonObject, TauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import type { Definition, DefinitionKind } from "../pins/definition.ts";

import type { RequestLimits } from "./server-requests.ts";

const maxDefinitions = 1_000;
/** Of one definition, as JSON. */
const maxCharacters = 100_000;

/** Everything that a server defines and a model could see, page by page to the end. */
export async function listDefinitions(client: Client, limits: RequestLimits): Promise<readonly Definition[]> {
  const { tools, prompts, resources } = client.getServerCapabilities() ?? {};
  const options = { ...limits, cacheMode: "refresh" } as const;
  const instructions = client.getInstructions();
  const listed: Definition[] = [];
  if (instructions !== undefined && instructions !== "")
    listed.push({ kind: "instructions", name: "", body: { text: instructions } });
  if (tools !== undefined) {
    for (const tool of (await client.listTools(undefined, options)).tools)
      listed.push(toDefinition("tool", tool.name, tool));
  }
  if (prompts !== undefined) {
    for (const prompt of (await client.listPrompts(undefined, options)).prompts)
      listed.push(toDefinition("prompt", prompt.name, prompt));
  }
  if (resources !== undefined) {
    for (const template of (await client.listResourceTemplates(undefined, options)).resourceTemplates)
      listed.push(toDefinition("resource_template", template.uriTemplate, template));
  }
  if (listed.length > maxDefinitions)
    throw new TauError("mcp.too_large", `An MCP server defines more than ${maxDefinitions} things.`);
  return listed;
}

function toDefinition(kind: DefinitionKind, name: string, value: object): Definition {
  const text = JSON.stringify(value);
  if (text.length > maxCharacters)
    throw new TauError("mcp.too_large", `An MCP server's ${kind} has more than ${maxCharacters} characters.`);
  const body: Json = JSON.parse(text);
  return { kind, name, body: withoutUndefined(body) };
}

function withoutUndefined(body: Json): JsonObject {
  return isJsonObject(body) ? body : {};
}

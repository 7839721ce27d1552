import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject, ToolCallPart } from "@tau/core";

/**
 * Another name of a tool, with the arguments that are usual under that name.
 *
 * A call by it is a call of the tool: the tool's schema, class, rules and events count. An alias is not listed to the
 * model, and stands back behind a tool that really has its name.
 */
export interface ToolAlias {
  /** Names of the tools that it may stand for; the first one that is there does. */
  readonly tools: readonly string[];
  /** The tool's arguments, out of those that came. Must leave arguments alone that are the tool's already. */
  toArguments?(args: JsonObject, tool: string): JsonObject;
}

/** Aliases by their names. */
export type ToolAliases = Readonly<Record<string, ToolAlias>>;

/** The call that a call by another name stands for; undefined when it stands for none of `names`. */
export function aliasedCall(
  call: ToolCallPart,
  aliases: ToolAliases,
  names: ReadonlyMap<string, unknown>,
): ToolCallPart | undefined {
  const alias = Object.hasOwn(aliases, call.name) ? aliases[call.name] : undefined;
  const tool = alias?.tools.find((name) => names.has(name));
  if (alias === undefined || tool === undefined) return undefined;
  const parsed =
    call.arguments.trim() === "" ? ({ ok: true, value: {} } as const) : parseJson(call.arguments);
  // What is no object is for the tool's own check to complain about.
  if (!parsed.ok || !isJsonObject(parsed.value) || alias.toArguments === undefined)
    return { ...call, name: tool };
  return { ...call, name: tool, arguments: JSON.stringify(alias.toArguments(parsed.value, tool)) };
}

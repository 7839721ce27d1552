import { isJsonObject } from "@tau/core";
import type { Json, JsonSchema } from "@tau/core";
import { createPermissionPolicy } from "@tau/tools";
import type { Access, PermissionLayer, PermissionRule, Tool } from "@tau/tools";

import type { Settings } from "./settings.ts";

/** A tool, as far as it matters here. */
type RuledTool = Pick<Tool, "name" | "sideEffect" | "inputSchema" | "access">;

/**
 * Tells of a tool which rule of the settings denies every call of it, such as `bash` or `git_*`, with its layer; undefined
 * where it depends on the call. Rules that look at an argument, as in `bash(rm *)`, are about calls, not about tools.
 */
export function denyingRules({ layers, cwd }: Settings): (tool: RuledTool) => string | undefined {
  const whole = layers.map(wholeDenials);
  if (whole.every(({ rules: { deny = [] } }) => deny.length === 0)) return () => undefined;
  const policy = createPermissionPolicy({ profile: "full", layers: whole, approvals: "never" });
  return (tool) => {
    const request = { tool, access: sampleAccess(tool, cwd), workspace: cwd };
    const { decision, rule, layer } = policy.decide(request);
    return decision === "deny"
      ? `${rule ?? ""}${layer === undefined ? "" : `, of the layer ${layer}`}`
      : undefined;
  };
}

/** What of a layer denies whatever the arguments are. */
function wholeDenials({ layer, rules }: PermissionLayer): PermissionLayer {
  const isWhole = (entry: string | PermissionRule): boolean =>
    !(typeof entry === "string" ? entry : entry.rule).includes("(");
  return { layer, rules: { deny: (rules.deny ?? []).filter(isWhole) } };
}

/** What some call of the tool would touch: of which kind that is does not depend on the values. */
function sampleAccess(tool: RuledTool, workspace: string): readonly Access[] {
  try {
    return tool.access(sampleOf(tool.inputSchema), workspace);
  } catch {
    return [{ kind: "other" }];
  }
}

function sampleOf(schema: Json | JsonSchema | undefined): Json {
  if (!isJsonObject(schema)) return "";
  const { type, properties, required, minimum } = schema;
  const [choice] = Array.isArray(schema["enum"]) ? schema["enum"] : [];
  if (choice !== undefined) return choice;
  if (type === "integer" || type === "number") return typeof minimum === "number" ? minimum : 1;
  if (type === "boolean") return false;
  if (type === "array") return [];
  if (type !== "object") return "https://example.invalid/";
  const names = Array.isArray(required) ? required.filter((name) => typeof name === "string") : [];
  const known = isJsonObject(properties) ? properties : {};
  return Object.fromEntries(names.map((name) => [name, sampleOf(known[name])]));
}

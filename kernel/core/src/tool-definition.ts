import type { JsonSchema } from "./json.ts";
import type { ProviderData } from "./message.ts";

/** What a model is told about a tool. */
export interface ToolDefinition {
  /** 1 to 64 of `a-z A-Z 0-9 _ -`. */
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  /** How protocols whose models were taught this very tool want it declared; every other one takes the schema. */
  readonly native?: readonly ProviderData[];
}

import { TauError } from "@tau/core";
import type { JsonObject, JsonSchema, Label, SideEffectClass } from "@tau/core";

import type { Access } from "./access.ts";
import { toToolInput } from "./tool-input.ts";
import type { ToolInputSchema } from "./tool-input.ts";
import { toToolOutput } from "./tool-output.ts";
import type { ToolAnswer } from "./tool-output.ts";
import type { Tool, ToolContext } from "./tool.ts";

/** Options of {@link defineTool}. */
export interface ToolOptions<Input, Schema = ToolInputSchema<Input>> {
  /** 1 to 64 of `a-z A-Z 0-9 _ -`. */
  readonly name: string;
  /** Tells the model what the tool does and when to use it. */
  readonly description: string;
  /** What the model must send. */
  readonly input: Schema;
  /** What running it twice would mean. */
  readonly sideEffect: SideEffectClass;
  /** Milliseconds after which the tool is stopped. Default 120,000. */
  readonly timeoutMs?: number;
  /** Characters of text shown to the model; the rest is spilled to an artifact. Default 30,000. */
  readonly maxOutputChars?: number;
  /** How far to trust whatever the tool answers, errors included; absent: as far as the workspace. */
  readonly label?: Label;
  /** What running it would touch; permissions decide on it. Default: `other`. */
  access?(input: Input, workspace: string): readonly Access[];
  /** Does the work. Stops promptly when `context.signal` aborts. */
  execute(input: Input, context: ToolContext): Promise<ToolAnswer> | ToolAnswer;
}

const namePattern = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Makes a {@link Tool} from a schema that types `execute`, such as one of zod 4.
 *
 * @throws TauError `tool.invalid_name`, `tool.invalid_schema`
 */
export function defineTool<Input>(options: ToolOptions<Input>): Tool<Input>;
/** Makes a {@link Tool} from a JSON Schema; `Input` is the caller's word for what the schema lets through. */
export function defineTool<Input = JsonObject>(options: ToolOptions<Input, JsonSchema>): Tool<Input>;
export function defineTool<Input>(
  options: ToolOptions<Input, ToolInputSchema<Input> | JsonSchema>,
): Tool<Input> {
  assertToolName(options.name);
  const input = toToolInput<Input>(options.name, options.input);
  return {
    name: options.name,
    description: options.description,
    inputSchema: input.jsonSchema,
    sideEffect: options.sideEffect,
    timeoutMs: options.timeoutMs ?? 120_000,
    ...(options.maxOutputChars === undefined ? {} : { maxOutputChars: options.maxOutputChars }),
    ...(options.label === undefined ? {} : { label: options.label }),
    validate: input.validate,
    access: (value, workspace) => options.access?.(value, workspace) ?? [{ kind: "other" }],
    execute: async (value, context) => toToolOutput(await options.execute(value, context)),
  };
}

/**
 * Checks a tool's name.
 *
 * @throws TauError `tool.invalid_name`
 */
export function assertToolName(name: string): void {
  if (namePattern.test(name)) return;
  throw new TauError(
    "tool.invalid_name",
    `Tool name ${JSON.stringify(name.slice(0, 80))} is not valid: use 1 to 64 of a-z, A-Z, 0-9, "_" and "-".`,
  );
}

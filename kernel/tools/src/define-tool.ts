import { TauError } from "@tau/core";
import type {
  EffectKind,
  Json,
  JsonObject,
  JsonSchema,
  Label,
  PersonQuestion,
  ProviderData,
  SideEffectClass,
} from "@tau/core";

import type { Access } from "./access.ts";
import { toOutputSchema, toToolInput } from "./tool-input.ts";
import type { ToolInputSchema } from "./tool-input.ts";
import { toToolOutput } from "./tool-output.ts";
import type { ToolAnswer } from "./tool-output.ts";
import type { Tool, ToolCache, ToolContext, ToolOutput } from "./tool.ts";

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
  /** How far to trust its name, description and schemas; see {@link Tool.definitionLabel}. */
  readonly definitionLabel?: Label;
  /** Vouches for its answers; see {@link Tool.endorses}. */
  readonly endorses?: true;
  /** What it does beyond its `access`; see {@link Tool.effects}. */
  readonly effects?: readonly EffectKind[];
  /** What `execute` answers, or its output's `value`: checked after every execution. */
  readonly output?: JsonSchema | ToolInputSchema<Json>;
  /** Scopes that the caller must have, all of them. Default: none. */
  readonly scopes?: readonly string[];
  /** Keeps answers; only for a pure tool. See {@link Tool.cache}. */
  readonly cache?: ToolCache;
  /** Whether it acts by commands of its environment alone. See {@link Tool.actsByCommands}. */
  actsByCommands?(input: Input): boolean;
  /** Whether the call may run again after a crash. See {@link Tool.runsAgain}. */
  runsAgain?(input: Input): boolean;
  /** Whether its answers show what other calls' commands printed. See {@link Tool.showsCommands}. */
  readonly showsCommands?: boolean;
  /** Whether its answers stay before the model however long the session gets. See {@link Tool.keepsResults}. */
  readonly keepsResults?: boolean;
  /** What it belongs to among very many tools; default: what stands before `__` in its name. */
  readonly group?: string;
  /** What the call asks a person; see {@link Tool.question}. */
  question?(input: Input): PersonQuestion;
  /** How protocols whose models were taught this very tool want it declared. */
  readonly native?: readonly ProviderData[];
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
  const { maxOutputChars, output, scopes, cache, group, native, showsCommands, keepsResults } = options;
  if (cache !== undefined && options.sideEffect !== "pure")
    throw new TypeError(
      `Tool "${options.name}" is not pure, so its answers cannot be kept: leave cache out.`,
    );
  return {
    name: options.name,
    description: options.description,
    inputSchema: input.jsonSchema,
    sideEffect: options.sideEffect,
    timeoutMs: options.timeoutMs ?? 120_000,
    ...(options.label === undefined ? {} : { label: options.label }),
    ...(maxOutputChars === undefined ? {} : { maxOutputChars }),
    ...(output === undefined ? {} : { outputSchema: toOutputSchema(options.name, output) }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(cache === undefined ? {} : { cache }),
    ...(group === undefined ? {} : { group }),
    ...(native === undefined ? {} : { native }),
    ...(options.definitionLabel === undefined ? {} : { definitionLabel: options.definitionLabel }),
    ...(options.endorses === undefined ? {} : { endorses: options.endorses }),
    ...(options.effects === undefined ? {} : { effects: options.effects }),
    ...(options.actsByCommands === undefined
      ? {}
      : { actsByCommands: (value: Input) => options.actsByCommands?.(value) === true }),
    ...(options.runsAgain === undefined
      ? {}
      : { runsAgain: (value: Input) => options.runsAgain?.(value) === true }),
    ...(options.question === undefined
      ? {}
      : { question: (value: Input) => options.question?.(value) ?? { text: "" } }),
    ...(showsCommands === undefined ? {} : { showsCommands }),
    ...(keepsResults === undefined ? {} : { keepsResults }),
    validate: input.validate,
    access: (value, workspace) => options.access?.(value, workspace) ?? [{ kind: "other" }],
    execute: (value, context) => executed(() => options.execute(value, context)),
  };
}

/** Does what an async function would, for a third of its promises. */
function executed(execute: () => Promise<ToolAnswer> | ToolAnswer): Promise<ToolOutput> {
  try {
    return Promise.resolve(execute()).then(toToolOutput);
  } catch (error) {
    return Promise.reject(error);
  }
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

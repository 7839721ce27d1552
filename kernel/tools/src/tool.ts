import type {
  CallContext,
  JsonObject,
  JsonSchema,
  Label,
  SideEffectClass,
  ToolResultContent,
} from "@tau/core";

import type { ArtifactStore } from "./artifact-store.ts";
import type { Environment } from "./environment.ts";
import type { FileLedger } from "./file-ledger.ts";
import type { Access } from "./access.ts";

/** What a tool gets beside its input. */
export interface ToolContext {
  readonly call: CallContext;
  /** Aborts on cancel and on the tool's timeout. */
  readonly signal: AbortSignal;
  readonly environment: Environment;
  readonly artifacts: ArtifactStore;
  /** Hashes of the files the model has seen in this session. */
  readonly files: FileLedger;
  /** The same whenever this effect is run again: pass it on to services that know such keys. */
  readonly idempotencyKey: string;
  /** Shows output while the tool runs; never journaled. */
  progress(text: string): void;
}

/** What a tool answers. */
export interface ToolOutput {
  readonly content: readonly ToolResultContent[];
  readonly isError?: boolean;
  /** Facts for screens: a diff, an exit code. Not shown to the model. */
  readonly details?: JsonObject;
  /** How far to trust all of `content`, joined with the parts' own labels. Absent: as far as the workspace. */
  readonly label?: Label;
}

/** What validation of arguments says: the input, or issues phrased so that the model can correct itself. */
export type ValidatedInput<Input> =
  | { readonly ok: true; readonly value: Input }
  | { readonly ok: false; readonly issues: readonly string[] };

/**
 * Something an agent can do. Made by `defineTool`.
 *
 * Contract:
 * - `execute` gets validated input only, and stops promptly when `context.signal` aborts.
 * - What it throws becomes an error result for the model: a `TauError`'s message, or else a plain sentence.
 */
export interface Tool<Input = unknown> {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly sideEffect: SideEffectClass;
  /** Milliseconds after which the tool is stopped. */
  readonly timeoutMs: number;
  /** Characters of text shown to the model before the rest is spilled to an artifact; default the registry's. */
  readonly maxOutputChars?: number;
  /** How far to trust whatever the tool answers, errors included; an output's own label can only take away. */
  readonly label?: Label;
  validate(input: unknown): Promise<ValidatedInput<Input>>;
  /** What running this would touch; permissions decide on it. */
  access(input: Input, workspace: string): readonly Access[];
  execute(input: Input, context: ToolContext): Promise<ToolOutput>;
}

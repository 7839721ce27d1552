import type {
  ApprovalAnswered,
  ApprovalRequested,
  CallContext,
  EffectKind,
  HeldValue,
  Json,
  JsonObject,
  JsonSchema,
  Label,
  PersonQuestion,
  ProviderData,
  RunLimits,
  SideEffectClass,
  Spent,
  ToolResultContent,
  ToolResultPart,
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
  /** What the model that gets the answer takes beside text. Absent, and `unknown`: nobody knows, so it is tried. */
  readonly takes?: Readonly<Record<"image" | "file", "yes" | "no" | "unknown">>;
  /** The same whenever this effect is run again: pass it on to services that know such keys. */
  readonly idempotencyKey: string;
  /** How far to trust what the model had been shown when it made this call; absent: nothing in it was untrusted or secret. */
  readonly shown?: Label;
  /**
   * Keeps a text that no model with tools is to be shown, and answers its handle, such as `$v1`, which may stand in
   * arguments of later calls. Absent outside of a run.
   */
  hold?(value: string, label: Label): string;
  /** The text and the label behind a handle of this session. */
  held?(handle: string): HeldValue | undefined;
  /** What calls of this session kept, by key; absent: nothing, or nobody keeps anything. */
  readonly kept?: JsonObject;
  /**
   * Has `close` called when the run ends, before its environment is closed: for what a tool keeps open between its calls.
   * A run that a crash ends, or that another process takes over, closes nothing. Absent outside of a run.
   */
  readonly atRunEnd?: (close: () => Promise<void>) => void;
  /** Shows output while the tool runs; never journaled. */
  progress(text: string): void;
  /**
   * Calls another tool of the same agent, as the model would: with its checks, rules and events, but the result
   * goes to this tool alone. Absent where nobody can decide on such a call.
   */
  readonly callTool?: ToolCaller;
  /**
   * Asks a person, for days if need be, from any process: the question is in the session's log, and the time of the tool
   * stands still meanwhile. When the call is run again after a crash, an equal question has the answer that was given
   * before. Rejects with the signal's reason. Absent outside of a run.
   */
  readonly ask?: (question: ToolQuestion, signal: AbortSignal) => Promise<PersonReply>;
  /** What is left of the run's limits, for work that is handed on. Absent outside of a run. */
  readonly left?: () => RunLimits;
}

/** What a tool wants a person to say while it runs. */
export type ToolQuestion = Pick<ApprovalRequested, "reason" | "summary"> &
  Partial<Pick<ApprovalRequested, "tool" | "arguments" | "expiresAt" | "held" | "label" | "question">>;

/** What a person said to a {@link ToolQuestion}; nobody in time is a `deny` by `system`. */
export type PersonReply = Pick<ApprovalAnswered, "answer" | "by" | "note">;

/**
 * Calls a tool by name. What goes wrong is an `isError` result, as for the model: a call that a person would have to
 * decide on is refused. Throws only `signal.reason`.
 */
export type ToolCaller = (name: string, args: JsonObject, signal: AbortSignal) => Promise<ToolResultPart>;

/** For how long the answers of a pure tool are good. */
export interface ToolCache {
  /** Milliseconds. */
  readonly ttlMs: number;
  /** Whether principals of one tenant who have the same scopes may get each other's answers. Default false. */
  readonly shared?: boolean;
}

/** What a tool answers. */
export interface ToolOutput {
  readonly content: readonly ToolResultContent[];
  readonly isError?: boolean;
  /** Facts for screens: a diff, an exit code. Not shown to the model. */
  readonly details?: JsonObject;
  /** How far to trust all of `content`, joined with the parts' own labels. Absent: as far as the workspace. */
  readonly label?: Label;
  /** The answer as a value, for programs; what `outputSchema` is about. */
  readonly value?: Json;
  /** Values that the session keeps in its log, for later calls of it: each takes the place of the one under its key. */
  readonly keep?: JsonObject;
  /** What runs used that it had do its work: it counts for the run that called it. */
  readonly spent?: Spent;
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
  /**
   * Its answers say nothing of whoever wrote what it read: numbers, and words of lists that the model itself wrote. So they
   * are trusted as the workspace is, and as confidential as what they were made of. For readers only.
   */
  readonly endorses?: true;
  /**
   * How far to trust its name, description and schemas, which every model that may use it is shown. Absent: as far as the
   * program, or as the person who approved them.
   */
  readonly definitionLabel?: Label;
  /**
   * What it does beyond its `access`, for tools that touch no file, command or host that they could name, such as one
   * that notifies somebody. Absent: what its class says, and what is labelled untrusted tells somebody outside.
   */
  readonly effects?: readonly EffectKind[];
  /** What the `value` of an answer must be like; an answer that differs is an error result. Errors are not checked. */
  readonly outputSchema?: JsonSchema;
  /** Scopes that the caller must have, all of them. Who lacks one neither sees the tool nor can call it. */
  readonly scopes?: readonly string[];
  /** Keeps answers. Only for a pure tool whose answer depends on its arguments, and on files that it names as `access`. */
  readonly cache?: ToolCache;
  /**
   * Whether the call acts by commands of its environment alone, which end with it, so that it can be run on a copy of the
   * workspace, and what it changed be looked at, before it is decided on. Absent: no.
   */
  actsByCommands?(input: Input): boolean;
  /**
   * Whether this call, interrupted by a crash, may simply be run again although others of the tool may not: it finds what
   * it did before. Absent: as its side-effect class says.
   */
  runsAgain?(input: Input): boolean;
  /** Whether its answers show what commands printed that other calls started: they are trusted as those are. */
  readonly showsCommands?: boolean;
  /** Whether its answers stay before the model however long the session gets, as instructions have to. Absent: no. */
  readonly keepsResults?: boolean;
  /** What it belongs to among very many tools; default: what stands before `__` in its name. */
  readonly group?: string;
  /**
   * What the call asks a person. Such a call is not executed: the run waits, in this process or another, and the
   * person's words are its result.
   */
  question?(input: Input): PersonQuestion;
  /** How protocols whose models were taught this very tool want it declared. */
  readonly native?: readonly ProviderData[];
  /** At once where it can: every call of the tool goes through it. */
  validate(input: unknown): Promise<ValidatedInput<Input>> | ValidatedInput<Input>;
  /** What running this would touch; permissions decide on it. */
  access(input: Input, workspace: string): readonly Access[];
  execute(input: Input, context: ToolContext): Promise<ToolOutput>;
}

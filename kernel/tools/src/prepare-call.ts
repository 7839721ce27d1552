import { isAbsolute, join, relative } from "node:path/posix";

import { isTauError, parseJson, isJsonObject, toErrorInfo } from "@tau/core";
import type { JsonObject, Principal, ToolCallPart, ToolResultPart } from "@tau/core";

import type { Access } from "./access.ts";
import { describeValue } from "./argument-path.ts";
import type { Environment } from "./environment.ts";
import { errorResult, errorText } from "./error-result.ts";
import { findExecutedFiles } from "./permissions/find-executed-files.ts";
import { missingScopeMessage, missingScopes } from "./tool-scopes.ts";
import type { Tool, ValidatedInput } from "./tool.ts";

/** What {@link prepareCall} needs. */
export interface PrepareOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Who calls. Without one, tools that require scopes are refused. */
  readonly call?: { readonly principal: Pick<Principal, "scopes"> };
  /** Programs whose content the rules ask about; see `PermissionPolicy.hashedPrograms`. */
  readonly hashed?: readonly string[];
}

/** A call that may run, if the permissions allow its `access`. */
export interface ReadyCall {
  readonly ok: true;
  readonly call: ToolCallPart;
  readonly tool: Tool;
  /** The arguments as they were sent. */
  readonly args: JsonObject;
  /** The arguments as the tool's schema reads them. */
  readonly input: unknown;
  /** What it would touch: paths as asked and, where a symlink leads elsewhere, as they really are. */
  readonly access: readonly Access[];
  /** The same call with other arguments. */
  rewritten(args: JsonObject): ToolCallPart;
}

/** A call that cannot run, and the result that tells the model why. */
export interface RefusedCall {
  readonly ok: false;
  readonly call: ToolCallPart;
  readonly code: string;
  readonly result: ToolResultPart;
}

/** What became of a call before anything ran. */
export type PreparedCall = ReadyCall | RefusedCall;

/**
 * Checks the caller's scopes, parses and validates a call's arguments and finds out what it would touch. `call` has
 * the arguments of `tool`. Never throws but on abort. Answers at once where no file has to be looked at: most calls of most
 * tools are like that, and what need not be awaited leaves nothing to collect.
 */
export function prepareCall(
  tool: Tool,
  call: ToolCallPart,
  options: PrepareOptions,
): Promise<PreparedCall> | PreparedCall {
  const missing = missingScopes(tool, options.call?.principal);
  if (missing.length > 0) return refuse(call, "tool.missing_scope", missingScopeMessage(tool.name, missing));
  const parsed = parseArguments(call);
  if (!parsed.ok) return refuse(call, "tool.invalid_arguments", parsed.reason);
  const named = { tool, call, args: parsed.value };
  const failed = (error: unknown): RefusedCall => failedCall(call, options.signal, error);
  try {
    const validated = tool.validate(parsed.value);
    if (validated instanceof Promise)
      return validated.then((late) => withAccess(named, late, options)).catch(failed);
    const prepared = withAccess(named, validated, options);
    return prepared instanceof Promise ? prepared.catch(failed) : prepared;
  } catch (error) {
    return failed(error);
  }
}

type NamedCall = Pick<ReadyCall, "tool" | "call" | "args">;

/** Finds out what a call with these arguments would touch, if they fit. */
function withAccess(
  { tool, call, args }: NamedCall,
  validated: ValidatedInput<unknown>,
  options: PrepareOptions,
): Promise<PreparedCall> | PreparedCall {
  if (!validated.ok) return refuse(call, "tool.invalid_arguments", issueText(tool, validated.issues));
  const { value: input } = validated;
  const asked = tool.access(input, options.environment.info.profile.workspace);
  const ready = (access: readonly Access[]): ReadyCall => ({
    ok: true,
    call,
    tool,
    args,
    input,
    access,
    rewritten: (others) => ({ ...call, arguments: JSON.stringify(others) }),
  });
  return asked.some(needsALook) ? lookUp(asked, options).then(ready) : ready(asked);
}

function needsALook(access: Access): boolean {
  return isFile(access) || access.kind === "command";
}

async function lookUp(
  asked: readonly Access[],
  { environment, signal, hashed = [] }: PrepareOptions,
): Promise<readonly Access[]> {
  const real = await withRealPaths(asked, environment, signal);
  const runs = real.some(({ kind }) => kind === "command");
  return runs ? await findExecutedFiles(real, { environment, signal, hashed }) : real;
}

function failedCall(call: ToolCallPart, signal: AbortSignal, error: unknown): RefusedCall {
  signal.throwIfAborted();
  const code = isTauError(error) ? toErrorInfo(error).code : "tool.failed";
  return { ok: false, call, code, result: errorResult(call, errorText(call.name, error)) };
}

function refuse(call: ToolCallPart, code: string, message: string): RefusedCall {
  return { ok: false, call, code, result: errorResult(call, `${code}: ${message}`) };
}

type ParsedArguments =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly reason: string };

/** Some providers send no text at all for a call without arguments. */
function parseArguments(call: ToolCallPart): ParsedArguments {
  if (call.arguments.trim() === "") return { ok: true, value: {} };
  const parsed = parseJson(call.arguments);
  if (!parsed.ok) {
    return {
      ok: false,
      reason: `The arguments of ${call.name} are not valid JSON (${parsed.reason}). Send one complete JSON object; escape quotes and newlines inside strings.`,
    };
  }
  if (isJsonObject(parsed.value)) return { ok: true, value: parsed.value };
  return {
    ok: false,
    reason: `The arguments of ${call.name} must be a JSON object, not ${describeValue(parsed.value)}.`,
  };
}

function issueText(tool: Tool, issues: readonly string[]): string {
  return `The arguments do not fit ${tool.name}:\n${issues.map((issue) => `- ${issue}`).join("\n")}\nCorrect them and call again.`;
}

/** Adds the real path of every path that a symlink leads elsewhere, so that a rule sees both. */
async function withRealPaths(
  asked: readonly Access[],
  environment: Environment,
  signal: AbortSignal,
): Promise<readonly Access[]> {
  const access: Access[] = [];
  for (const one of asked) {
    access.push(one);
    if (!isFile(one)) continue;
    const path = await realPathIn(environment, one.path, signal);
    if (path !== one.path) access.push({ kind: one.kind, path });
  }
  return access;
}

function isFile(access: Access): access is Extract<Access, { readonly path: string }> {
  return access.kind === "read" || access.kind === "write";
}

/** The real path, written below the workspace as it is named, even if the workspace is behind a symlink. */
async function realPathIn(environment: Environment, path: string, signal: AbortSignal): Promise<string> {
  const { workspace } = environment.info.profile;
  try {
    const real = await environment.realPath(path, signal);
    if (real === path) return path;
    const inside = relative(await environment.realPath(workspace, signal), real);
    return inside.startsWith("..") || isAbsolute(inside) ? real : join(workspace, inside);
  } catch (error) {
    // The tool meets the same refusal when it runs, and says so better than a permission could.
    if (isTauError(error)) return path;
    throw error;
  }
}

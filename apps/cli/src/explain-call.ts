import { realpath } from "node:fs/promises";

import { isJsonObject, parseJson, workspaceLabel } from "@tau/core";
import type { ShownContext, ToolCallPart } from "@tau/core";
import type { Runtime } from "@tau/runtime";
import { builtInTools, createToolRegistry, renderExplanation } from "@tau/tools";
import type { Environment, Explanation, ReadyCall, ToolRegistry } from "@tau/tools";
import { createFlowControl, explainFlow, explainWithFlow } from "@tau/tools/flow";

import { assembleAgent } from "./assemble-agent.ts";
import { flagOption, textOption } from "./command.ts";
import type { ParsedArgs } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { findSkills } from "./find-skills.ts";
import { localContext } from "./local-context.ts";
import { noModel } from "./no-model.ts";
import { flowFor, openEnvironment, policyFor } from "./open-environment.ts";
import { plain, plainJson, visible } from "./plain-text.ts";
import { sessionEvents } from "./session-events.ts";
import type { Settings } from "./settings.ts";
import { shownBy, shownIn } from "./shown-context.ts";
import { openStoredSessions, sessionNamed } from "./stored-sessions.ts";
import { writeLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/** Prints how a call would be decided: by the rules, and by the flow of information. Throws `cli.usage` and what opening an environment throws. */
export async function explainCall(args: ParsedArgs, settings: Settings, terminal: Terminal): Promise<number> {
  const call = callOf(args);
  const workspace = await realpath(settings.cwd);
  await using environment = await openEnvironment(settings, workspace);
  await using sessions = await openStoredSessions(terminal);
  const shown = await shownTo(args, sessions.runtime, terminal);
  const grants = (await sessions.runtime.listGrants(localContext(terminal))).filter(
    ({ scope }) => scope === "always",
  );
  const policy = policyFor(settings, environment.info, () => grants);
  const { hashedPrograms: hashed = [] } = policy;
  const { signal } = new AbortController();
  await using opened = await toolsWith(call.name, settings);
  const prepared = await opened.tools.prepare(call, { environment, signal, hashed });
  if (!prepared.ok) throw usageError(plain(textOf(prepared.result.content)));
  const { tool, access } = prepared;
  const explanation = explainWithFlow(
    policy.explain({ tool, access, workspace }),
    flowOf(settings, { environment, prepared, shown }),
  );
  print(explanation, args, terminal);
  return explanation.decision === "allow" ? exitCodes.ok : exitCodes.denied;
}

/** What the model was shown, as the person says, or as a session says. */
async function shownTo(args: ParsedArgs, runtime: Runtime, terminal: Terminal): Promise<ShownContext> {
  const [words, session] = [textOption(args, "label"), textOption(args, "from-session")];
  if (words !== undefined && session !== undefined)
    throw usageError("Say --label or --from-session, not both.");
  if (words !== undefined) return shownBy(words);
  if (session === undefined) return { label: workspaceLabel, acted: false };
  return shownIn(await sessionEvents(runtime, await sessionNamed(runtime, session, terminal), terminal));
}

interface FlowParts {
  readonly environment: Environment;
  readonly prepared: ReadyCall;
  readonly shown: ShownContext;
}

function flowOf(
  settings: Settings,
  { environment, prepared, shown }: FlowParts,
): ReturnType<typeof explainFlow> {
  const { tool, access, input } = prepared;
  const { info, transactions } = environment;
  const actsByCommands = tool.actsByCommands?.(input) === true;
  const isHeld = actsByCommands && info.enforced && info.profile.network === false;
  const canBeTried = isHeld && transactions !== undefined;
  const flow = createFlowControl(info, flowFor(settings));
  return explainFlow(flow, { tool, access, actsByCommands, canBeTried }, shown);
}

/** Most calls are of built-in tools; of others, everything that a run here would have. */
async function toolsWith(
  name: string,
  settings: Settings,
): Promise<AsyncDisposable & { readonly tools: ToolRegistry }> {
  const builtIn = builtInTools();
  if (builtIn.some((tool) => tool.name === name))
    return { tools: createToolRegistry({ tools: builtIn }), [Symbol.asyncDispose]: async () => {} };
  const { skills } = await findSkills(settings);
  const assembled = await assembleAgent({ settings, model: noModel, skills, layers: [] });
  const [agent] = assembled.agents;
  return { tools: agent.tools, [Symbol.asyncDispose]: () => assembled[Symbol.asyncDispose]() };
}

function print(explanation: Explanation, args: ParsedArgs, terminal: Terminal): void {
  if (flagOption(args, "json")) return writeLine(terminal, plainJson(explanation));
  const text = renderExplanation(explanation, { everyRule: flagOption(args, "all") });
  for (const line of text.split("\n")) writeLine(terminal, visible(line));
}

function textOf(content: readonly { readonly type: string }[]): string {
  return content
    .flatMap((part) => ("text" in part && typeof part.text === "string" ? [part.text] : []))
    .join("\n");
}

function callOf(args: ParsedArgs): ToolCallPart {
  const [, command] = args.positionals;
  const name = textOption(args, "tool");
  const json = textOption(args, "args") ?? "{}";
  if ((command === undefined) === (name === undefined))
    throw usageError('Give a command, such as tau permissions explain "npm test", or --tool and --args.');
  if (name === undefined)
    return { type: "tool_call", id: "explained", name: "bash", arguments: JSON.stringify({ command }) };
  const parsed = parseJson(json);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw usageError("--args must be a JSON object.");
  return { type: "tool_call", id: "explained", name, arguments: json };
}

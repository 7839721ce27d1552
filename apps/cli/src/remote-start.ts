import { isJsonObject, TauError, userText } from "@tau/core";
import type { CallContext, ContextEntry } from "@tau/core";
import type { Readiness } from "@tau/client";

import { approve } from "./approved-plan.ts";
import type { ApprovedPlan, Approver } from "./approved-plan.ts";
import { countOption, flagOption, textOption } from "./command.ts";
import type { ParsedArgs } from "./command.ts";
import { askForKnowledge } from "./memory/ask-for-knowledge.ts";
import { handoffEntry, readRequirements } from "./memory/prepare-run.ts";
import type { RemoteAccess } from "./open-sessions.ts";
import { optional } from "./optional.ts";
import { visible } from "./plain-text.ts";
import { sessionNamed } from "./stored-sessions.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";
import type { WrittenPlan } from "./plan-mode.ts";

/** A run at a server, and what is to be looked at when it ends. */
export interface RemoteTarget {
  readonly sessionId: string;
  readonly runId: string;
  readonly fromSeq: number;
  /** The plan that it carries out. */
  readonly carryOut?: ApprovedPlan;
  /** Of a run that plans: the plans that were there before. */
  readonly before?: readonly WrittenPlan[];
}

/** A prompt for a server, and who gives it. */
export interface RemoteStart {
  readonly runtime: RemoteAccess;
  readonly prompt: string;
  readonly terminal: Terminal;
  readonly interactive: boolean;
}

/**
 * Starts a run at a server, or goes on with one. What must be known first is asked for, and a plan approved, before there is
 * a run.
 *
 * @throws TauError `cli.usage`, `plan.*`, `readiness.*`, and what the server answers
 */
export async function startOrResume(
  args: ParsedArgs,
  start: RemoteStart,
  context: CallContext,
): Promise<RemoteTarget> {
  const { runtime, prompt, terminal } = start;
  const [named, planFile] = [textOption(args, "resume"), textOption(args, "carry-out")];
  const resumed = named === undefined ? undefined : await sessionNamed(runtime, named, terminal);
  if (resumed !== undefined && prompt === "" && planFile === undefined)
    return await goOn(resumed, start, context);
  // What is not known ends it before there is a session.
  const readiness = await readinessOf(args, start, context);
  const sessionId = resumed ?? (await newSession(args, start, context));
  const carryOut =
    planFile === undefined ? undefined : await approved(args, { ...start, sessionId }, context);
  const before = flagOption(args, "plan") ? await runtime.listPlans(sessionId, context) : undefined;
  const maxSteps = countOption(args, "max-steps");
  const started = await runtime.startRun(
    {
      sessionId,
      prompt: prompt === "" ? { role: "user", parts: [] } : userText(prompt),
      ...optional("limits", maxSteps === undefined ? undefined : { maxSteps }),
      ...(before === undefined ? {} : { mode: "plan" }),
      ...optional("carryOut", carryOut),
      ...optional("readiness", readiness),
    },
    context,
  );
  return {
    sessionId,
    ...started,
    fromSeq: resumed === undefined ? 1 : started.fromSeq,
    ...optional("carryOut", carryOut),
    ...optional("before", before),
  };
}

async function goOn(
  sessionId: string,
  { runtime }: RemoteStart,
  context: CallContext,
): Promise<RemoteTarget> {
  const { status, runId, version } = await runtime.getSession(sessionId, context);
  if (runId !== undefined && (status === "running" || status === "waiting"))
    // What it waits for was said before: from its last words on.
    return { sessionId, runId, fromSeq: status === "waiting" ? version : version + 1 };
  throw usageError(`Session ${sessionId} has no run under way: give a prompt to go on with it.`);
}

async function newSession(
  args: ParsedArgs,
  { runtime, terminal }: RemoteStart,
  context: CallContext,
): Promise<string> {
  const handoff = textOption(args, "handoff");
  const bootstrap: readonly ContextEntry[] =
    handoff === undefined ? [] : [asOurs(await handoffEntry(runtime, handoff, terminal))];
  const workspace = textOption(args, "cwd");
  return (await runtime.createSession({ bootstrap, ...optional("workspace", workspace) }, context)).sessionId;
}

/** Words that a server is handed are at most those of a person: for what Tau itself says it answers alone. */
function asOurs({ label, ...entry }: ContextEntry): ContextEntry {
  if (label === undefined) return entry;
  return { ...entry, label: label.integrity === "system" ? { ...label, integrity: "user" } : label };
}

/** The plan, as the server has it, once a person approved it. */
async function approved(
  args: ParsedArgs,
  { runtime, sessionId, terminal, interactive }: RemoteStart & { readonly sessionId: string },
  context: CallContext,
): Promise<ApprovedPlan> {
  const path = textOption(args, "carry-out") ?? "";
  const approver: Approver = {
    approved: textOption(args, "approved"),
    terminal,
    interactive,
    signal: context.signal,
  };
  return await approve(await runtime.getPlan({ sessionId, path }, context), approver);
}

/** What must be known first, with what the person answers. @throws TauError `readiness.blocked`, `readiness.invalid` */
async function readinessOf(
  args: ParsedArgs,
  { runtime, terminal, interactive }: RemoteStart,
  context: CallContext,
): Promise<Readiness | undefined> {
  const file = textOption(args, "readiness");
  if (file === undefined) return undefined;
  const json = await readRequirements(file, terminal);
  const list = isJsonObject(json) ? json["requirements"] : json;
  if (!Array.isArray(list) || !list.every(isJsonObject))
    throw new TauError("readiness.invalid", `The requirements cannot be used: ${file} has no list of them.`);
  const asked = await runtime.checkReadiness({ requirements: list }, context);
  const answers =
    interactive && asked.questions.length > 0
      ? await askForKnowledge(asked.questions, terminal, context.signal)
      : [];
  const readiness = { requirements: list, answers };
  const { status, reason, questions } =
    answers.length === 0 ? asked : await runtime.checkReadiness(readiness, context);
  if (status === "blocked") {
    const open = questions.filter(({ isBlocking }) => isBlocking).map(({ question }) => question);
    const first = open.length === 0 ? "" : ` To be answered first: ${open.join(" ")}`;
    throw new TauError("readiness.blocked", `${reason}${first}`);
  }
  if (status === "caveat") terminal.stderr.write(`Not all is known: ${visible(reason)}\n`);
  return readiness;
}

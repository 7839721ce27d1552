import { realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { userText } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import { agentOptions } from "../agent-options.ts";
import { flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { createAnswerView } from "../answer-view.ts";
import { createJsonView } from "../event-view.ts";
import type { EventView } from "../event-view.ts";
import { findAbleModel } from "../able-model.ts";
import { exitCodes } from "../exit-codes.ts";
import { followRun, resumeHint } from "../follow-run.ts";
import { localContext } from "../local-context.ts";
import { openLocalRuntime } from "../local-runtime.ts";
import type { LocalRuntime } from "../local-runtime.ts";
import { instructionNotes } from "../memory/local-instructions.ts";
import { prepareRun } from "../memory/prepare-run.ts";
import type { PreparedRun } from "../memory/prepare-run.ts";
import { warnOfNamedSets } from "../named-sets.ts";
import { serverOptions } from "../named-server.ts";
import { openEnvironment } from "../open-environment.ts";
import { optional } from "../optional.ts";
import { plain } from "../plain-text.ts";
import { approvePlan } from "../approved-plan.ts";
import type { ApprovedPlan, PlanRequest } from "../approved-plan.ts";
import { beginRun } from "../bound/begin-run.ts";
import { hashOf, plansIn } from "../bound/plan-files.ts";
import { faultOf } from "../bound/plan-guard.ts";
import { createRunBindings } from "../bound/run-bindings.ts";
import type { BoundRun } from "../bound/run-bindings.ts";
import { planLines } from "../plan-mode.ts";
import { createRunNotes } from "../run-notes.ts";
import { readSettings } from "../read-settings.ts";
import type { Settings } from "../settings.ts";
import { runAtServer } from "../remote-run.ts";
import { openStoredSessions, sessionNamed, sessionWorkspace } from "../stored-sessions.ts";
import { homeNote, tauHome } from "../tau-home.ts";
import { isInteractive } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { createTimelineView } from "../timeline-view.ts";
import { usageError } from "../usage-error.ts";
import { watchPlan } from "../watch-plan.ts";

/** `tau run`: one prompt, from here to its end. */
export const runCommand: Command = {
  usage: 'run "PROMPT" [options]',
  description: `Runs a prompt in this folder and shows what happens. Commands run in a sandbox.
Without a terminal nobody is asked: what the rules do not allow is denied. Ctrl-C cancels, twice quits.
${homeNote}`,
  options: {
    ...agentOptions,
    resume: {
      type: "string",
      short: "r",
      value: "SESSION",
      help: "Go on with a session, or with the last one.\nWithout a prompt: with its interrupted run.",
    },
    plan: {
      type: "boolean",
      help: "Only plan: read everything, write nothing but a plan in plans/, and say\nhow to have it carried out.",
    },
    "carry-out": {
      type: "string",
      value: "FILE",
      help: "Carry out a plan: it is shown, and you are asked. When it changes, it is asked again.",
    },
    approved: {
      type: "string",
      value: "SHA256",
      help: "With --carry-out, without a terminal: the hash of the plan that you read. Counts once.",
    },
    readiness: {
      type: "string",
      value: "FILE",
      help: "Begin only when what this file of requirements (JSON) names is known;\nwhat is not is asked on a terminal. See docs/readiness.md.",
    },
    acquire: {
      type: "boolean",
      help: "With --readiness: let an agent find out what can be found out, without\nasking first. On a terminal it is offered.",
    },
    handoff: {
      type: "string",
      value: "SESSION",
      help: "Begin a new session with the hand-off of this one.",
    },
    ...serverOptions,
    server: {
      type: "string",
      value: "URL",
      help: "Run it at a server made by `tau serve`, with the server's model, tools and rules.\nOnly where it is said: no variable and no file does. --cwd is a folder there\nthat it serves; --plan, --carry-out, --readiness and --handoff work as here.",
    },
    quiet: { type: "boolean", short: "q", help: "Print the answer only." },
    json: { type: "boolean", help: "Print every event as a line of JSON." },
  },
  examples: [
    'tau run "Fix the failing test"',
    'tau run --profile read-only "What does this project do?"',
    'tau run --plan "How should we replace the logger?"',
    "tau run --resume last --carry-out plans/logger.md",
    'git diff | tau run --quiet "Review this change: -"',
    'tau run --resume last "Now write a test for it"',
    'tau run --server https://tau.example --token env:TAU_TOKEN "…"',
    'tau run --server https://tau.example --cwd projects/site --plan "…"',
    'tau run --base-url http://127.0.0.1:8000/v1 --model qwen3 "…"',
  ],

  async run(args, terminal) {
    const [json, quiet] = [flagOption(args, "json"), flagOption(args, "quiet")];
    const interactive = isInteractive(terminal) && !json;
    const given = await promptOf(args, terminal);
    const view = json
      ? createJsonView(terminal)
      : quiet
        ? createAnswerView(terminal)
        : createTimelineView(terminal);
    if (isRemote(args)) {
      const isNothing = given === "" && textOption(args, "carry-out") === undefined;
      if (isNothing && textOption(args, "resume") === undefined)
        throw usageError('Give a prompt: tau run --server URL "What to do".');
      return await runAtServer(args, { prompt: given, view, interactive }, terminal);
    }
    const resumed = await resumedSession(args, terminal);
    const toCarryOut = planOption(args);
    const nothingNew = given === "" && toCarryOut === undefined;
    if (nothingNew && resumed === undefined) throw usageError('Give a prompt: tau run "What to do".');
    if (resumed !== undefined && textOption(args, "handoff") !== undefined)
      throw usageError("--handoff begins a new session; leave --resume out.");

    const place = resumed?.workspace === undefined ? terminal : { ...terminal, cwd: resumed.workspace };
    // What somebody was asked before, and may have answered from elsewhere, can be asked again.
    const someoneAnswers = interactive || (nothingNew && resumed?.waits === true);
    const settings = await readSettings(args, place, someoneAnswers);
    const { model } = await findAbleModel(settings, terminal);
    await warnOfNamedSets(args, settings, terminal);
    // A machine that cannot confine the agent should say so now, not in the middle.
    await (await openEnvironment(settings, await realpath(settings.cwd)))[Symbol.asyncDispose]();

    const prepared = await prepareRun(args, { settings, model, terminal, interactive });
    const carryOut =
      toCarryOut === undefined
        ? undefined
        : await approvePlan({ ...settings, ...toCarryOut, terminal: place, interactive });
    const { view: noted, ...told } = createRunNotes(view, terminal, resumed?.sessionId);
    const watched = watchPlan(noted);
    const run: PromptRun = {
      terminal,
      interactive,
      view: watched.view,
      prompt: given,
      prepared,
      settings,
      carryOut,
      resume: resumed?.sessionId,
    };
    const exitCode = await runPrompt(run, () =>
      openLocalRuntime({
        settings,
        model,
        takesUp: resumed === undefined ? [] : [resumed.sessionId],
        ...(interactive ? { person: terminal } : {}),
        ...told,
      }),
    );
    if (exitCode === exitCodes.ok) await watched.assertKept(currentOf(carryOut, settings));
    return exitCode;
  },
};

/** Running elsewhere is asked for each time: a variable that was meant for looking must not send prompts away. */
function isRemote(args: ParsedArgs): boolean {
  const server = textOption(args, "server");
  if (server === undefined && textOption(args, "token") !== undefined)
    throw usageError("--token goes with --server.");
  return server !== undefined && server !== "local";
}

/** Reads what a plan is after its run: nobody may have changed it while the last words came. */
function currentOf(
  plan: ApprovedPlan | undefined,
  { cwd }: Settings,
): (() => Promise<{ readonly path: string; readonly isSame: boolean }>) | undefined {
  if (plan === undefined) return undefined;
  const { path, sha256 } = plan;
  return async () => ({ path, isSame: (await hashOf(join(cwd, path))) === sha256 });
}

interface PromptRun {
  readonly terminal: Terminal;
  readonly interactive: boolean;
  readonly view: EventView;
  readonly prompt: string;
  readonly prepared: PreparedRun;
  readonly resume: string | undefined;
  readonly settings: Settings;
  readonly carryOut: ApprovedPlan | undefined;
}

async function runPrompt(run: PromptRun, open: () => Promise<LocalRuntime>): Promise<number> {
  const { terminal, interactive, view } = run;
  const context = localContext(terminal);
  await using local = await open();
  if (interactive && local.waitingSkills > 0)
    terminal.stderr.write(`Skills that are not used: ${local.waitingSkills}. "tau skills list" says why.\n`);
  if (run.resume === undefined)
    for (const note of instructionNotes(local.instructions)) view.note(`  ${plain(note)}`);
  const { cwd, plan: plans = false } = run.settings;
  const before = plans ? await plansIn(cwd) : [];
  const target = await startOrResume(local, run, context);
  const exitCode = await followRun({
    runtime: local.runtime,
    ...target,
    context,
    terminal,
    view,
    interactive,
  });
  if (plans && exitCode === 0)
    for (const line of planLines(before, await plansIn(cwd), target)) view.note(plain(line));
  if (interactive && exitCode !== 0) terminal.stderr.write(resumeHint(target.sessionId, true));
  return exitCode;
}

/** The positional words; a `-` at their end stands for standard input. */
async function promptOf({ positionals }: ParsedArgs, { stdin }: Terminal): Promise<string> {
  const words = positionals.join(" ").trim();
  if (!/(^|\s)-$/u.test(words)) return words;
  return words.slice(0, -1) + (await text(stdin));
}

interface ResumedSession {
  readonly sessionId: string;
  readonly workspace?: string;
  /** Whether it waits for a person. */
  readonly waits: boolean;
}

/** The session to go on with, and where it works: its folder's configuration counts, not that of this one. */
async function resumedSession(args: ParsedArgs, terminal: Terminal): Promise<ResumedSession | undefined> {
  const name = textOption(args, "resume");
  if (name === undefined) return undefined;
  await using sessions = await openStoredSessions(terminal);
  const sessionId = await sessionNamed(sessions.runtime, name, terminal);
  const workspace = await sessionWorkspace(sessions.runtime, sessionId, terminal);
  const { pending, runId } = await sessions.runtime.getSession(sessionId, localContext(terminal));
  const waits = pending.length > 0;
  if (workspace === undefined) return { sessionId, waits };
  const named = textOption(args, "cwd");
  const other = named === undefined ? workspace : resolve(terminal.cwd, named);
  if ((await realpath(other).catch(() => other)) !== workspace)
    throw usageError(`The session works in ${workspace}; leave --cwd out, or begin a new session.`);
  const goesOn = args.positionals.length === 0 && textOption(args, "carry-out") === undefined;
  if (goesOn && runId !== undefined) await assertPlanKept({ sessionId, runId }, terminal);
  return { sessionId, workspace, waits };
}

/** Checks that the run to go on with may do so: said now, not in the middle. @throws TauError `plan.changed`, `plan.expired` */
async function assertPlanKept(run: Omit<BoundRun, "tenant">, terminal: Terminal): Promise<void> {
  const { tenant } = localContext(terminal);
  const plan = (await createRunBindings(tauHome(terminal)).of({ tenant, ...run }))?.plan;
  const fault = plan === undefined ? undefined : await faultOf(plan, Date.now());
  if (fault !== undefined) throw fault;
}

/** The plan to carry out, and the approval that was given before. @throws TauError `cli.usage` */
function planOption(args: ParsedArgs): Pick<PlanRequest, "approved" | "named"> | undefined {
  const [named, approved] = [textOption(args, "carry-out"), textOption(args, "approved")];
  if (named === undefined && approved !== undefined) throw usageError("--approved goes with --carry-out.");
  if (named !== undefined && flagOption(args, "plan"))
    throw usageError("--plan changes nothing: leave --carry-out out.");
  return named === undefined ? undefined : { named, approved };
}

interface Target {
  readonly sessionId: string;
  readonly runId: string;
  readonly fromSeq: number;
}

async function startOrResume(
  { runtime, agents, bindings, bootstrap }: LocalRuntime,
  { prompt, prepared, resume, carryOut, settings }: PromptRun,
  context: CallContext,
): Promise<Target> {
  if (resume !== undefined && prompt === "" && carryOut === undefined) {
    // Where the events of going on begin is known only before it does.
    const interrupted = await interruptedRun(runtime, resume, context);
    await runtime.start();
    return interrupted;
  }
  await runtime.start();
  const begun = [...bootstrap, ...prepared.bootstrap];
  const sessionId = resume ?? (await runtime.createSession({ bootstrap: begun }, context)).sessionId;
  const { home, cwd: folder, plan } = settings;
  const { requirements } = prepared;
  const { runId, fromSeq } = await beginRun(
    { runtime, agents, bindings, home },
    {
      sessionId,
      prompt: userText(prompt),
      ...(plan === true ? { mode: "plan" } : {}),
      ...optional("carryOut", carryOut && { ...carryOut, folder }),
      ...(requirements === undefined
        ? {}
        : { readiness: { asked: requirements, judge: async () => requirements } }),
    },
    context,
  );
  // From the very first event of a new session: it tells programs the session's id.
  return { sessionId, runId, fromSeq: resume === undefined ? 1 : fromSeq };
}

async function interruptedRun(runtime: Runtime, sessionId: string, context: CallContext): Promise<Target> {
  const { status, runId, version } = await runtime.getSession(sessionId, context);
  if (runId !== undefined && (status === "running" || status === "waiting"))
    return { sessionId, runId, fromSeq: version + 1 };
  throw usageError(`Session ${sessionId} has no interrupted run: give a prompt to go on with it.`);
}

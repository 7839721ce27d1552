import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";

import { userText } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { Runtime } from "@tau/runtime";

import { flagOption, textOption } from "../command.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { findModel } from "../find-model.ts";
import { followRun } from "../follow-run.ts";
import { localContext, openLocalRuntime } from "../local-runtime.ts";
import type { LocalRuntime } from "../local-runtime.ts";
import { agentOptions, homeNote, readSettings } from "../settings.ts";
import { createJsonView, createTimelineView } from "../show-events.ts";
import { isInteractive } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";

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
      help: "Go on with a session; without a prompt, with its interrupted run.",
    },
    json: { type: "boolean", help: "Print every event as a line of JSON." },
  },
  examples: [
    'tau run "Fix the failing test"',
    'tau run --profile read-only "What does this project do?"',
    'git diff | tau run --json "Review this change: -" > events.jsonl',
    'tau run --resume SESSION "Now write a test for it"',
  ],

  async run(args, terminal) {
    const json = flagOption(args, "json");
    const interactive = isInteractive(terminal) && !json;
    const resume = textOption(args, "resume");
    const prompt = await promptOf(args, terminal);
    if (prompt === "" && resume === undefined) throw usageError('Give a prompt: tau run "What to do".');

    const settings = await readSettings(args, terminal, interactive);
    const model = await findModel(settings, terminal);
    const context = contextOf(terminal);
    await using local = await openLocalRuntime({
      settings,
      model,
      takesUp: resume === undefined ? [] : [resume],
    });
    await local.runtime.start();
    const target = await startOrResume(local, { prompt, resume }, context);
    const view = json ? createJsonView(terminal) : createTimelineView(terminal);
    return await followRun({ runtime: local.runtime, ...target, context, terminal, view, interactive });
  },
};

/** Who runs a command at this terminal. */
export function contextOf({ env }: Terminal): CallContext {
  const user = env["USER"] ?? env["LOGNAME"] ?? "me";
  return localContext(new AbortController().signal, user, randomBytes(16).toString("hex"));
}

/** The positional words; a `-` among them stands for standard input. */
async function promptOf({ positionals }: ParsedArgs, { stdin }: Terminal): Promise<string> {
  const words = positionals.join(" ");
  if (!/(^|\s)-$/u.test(words)) return words;
  return words.slice(0, -1) + (await text(stdin));
}

interface Target {
  readonly sessionId: string;
  readonly runId: string;
  readonly fromSeq: number;
}

async function startOrResume(
  { runtime, bootstrap }: LocalRuntime,
  { prompt, resume }: { readonly prompt: string; readonly resume: string | undefined },
  context: CallContext,
): Promise<Target> {
  if (resume !== undefined && prompt === "") return await interruptedRun(runtime, resume, context);
  const sessionId = resume ?? (await runtime.createSession({ bootstrap }, context)).sessionId;
  return { sessionId, ...(await runtime.startRun({ sessionId, prompt: userText(prompt) }, context)) };
}

async function interruptedRun(runtime: Runtime, sessionId: string, context: CallContext): Promise<Target> {
  const { status, runId, version } = await runtime.getSession(sessionId, context);
  if (runId !== undefined && (status === "running" || status === "waiting"))
    return { sessionId, runId, fromSeq: version + 1 };
  throw usageError(`Session ${sessionId} has no interrupted run: give a prompt to go on with it.`);
}

import { userText } from "@tau/core";
import type { CallContext } from "@tau/core";

import { agentOptions } from "./agent-options.ts";
import { countOption, textOption } from "./command.ts";
import type { ParsedArgs } from "./command.ts";
import type { EventView } from "./event-view.ts";
import { exitCodes } from "./exit-codes.ts";
import { followRun, resumeHint } from "./follow-run.ts";
import { localContext } from "./local-context.ts";
import { openSessions } from "./open-sessions.ts";
import type { SessionAccess } from "./open-sessions.ts";
import { sessionNamed } from "./stored-sessions.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";

/** A prompt for a server. */
export interface RemoteRun {
  readonly prompt: string;
  readonly view: EventView;
  readonly interactive: boolean;
}

/** What only the server decides, or what needs this machine's folder. */
const notThere: readonly string[] = [
  ...Object.keys(agentOptions).filter((name) => name !== "max-steps"),
  "acquire",
  "approved",
  "carry-out",
  "handoff",
  "plan",
  "readiness",
];

/**
 * Runs a prompt at the server that `--server` names and shows what happens; questions are asked in place, Ctrl-C cancels.
 * The run is the server's: whoever leaves it can come back with `--resume`.
 *
 * @throws TauError `cli.usage`, and what the server answers
 */
export async function runAtServer(args: ParsedArgs, run: RemoteRun, terminal: Terminal): Promise<number> {
  const given = notThere.filter((name) => args.values[name] !== undefined);
  if (given.length > 0)
    throw usageError(
      `The server decides on that for itself: leave ${given.map((name) => `--${name}`).join(", ")} out, or --server.`,
    );
  await using sessions = await openSessions(args, terminal);
  const { runtime, server = "" } = sessions;
  const gone = new AbortController();
  // Until there is a run to cancel, Ctrl-C is for the request.
  const stopListening = terminal.onInterrupt(() => gone.abort());
  const context = { ...localContext(terminal), signal: gone.signal };
  let target: Target;
  try {
    target = await startOrResume(args, { ...run, runtime, terminal }, context);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    terminal.stderr.write(
      `Given up. What the server has begun is in: tau sessions list --server ${server}\n`,
    );
    return exitCodes.interrupted;
  } finally {
    stopListening();
  }
  const { view, interactive } = run;
  const here = localContext(terminal);
  const exitCode = await followRun({
    runtime,
    ...target,
    context: here,
    terminal,
    view,
    interactive,
    server,
  });
  if (interactive && exitCode !== exitCodes.ok && exitCode !== exitCodes.waiting)
    terminal.stderr.write(resumeHint(target.sessionId, true, server));
  return exitCode;
}

interface Target {
  readonly sessionId: string;
  readonly runId: string;
  readonly fromSeq: number;
}

interface Starting extends RemoteRun {
  readonly runtime: SessionAccess;
  readonly terminal: Terminal;
}

async function startOrResume(
  args: ParsedArgs,
  { runtime, prompt, terminal }: Starting,
  context: CallContext,
): Promise<Target> {
  const named = textOption(args, "resume");
  const resumed = named === undefined ? undefined : await sessionNamed(runtime, named, terminal);
  if (resumed !== undefined && prompt === "") {
    const { status, runId, version } = await runtime.getSession(resumed, context);
    if (runId !== undefined && (status === "running" || status === "waiting"))
      // What it waits for was said before: from its last words on.
      return { sessionId: resumed, runId, fromSeq: status === "waiting" ? version : version + 1 };
    throw usageError(`Session ${resumed} has no run under way: give a prompt to go on with it.`);
  }
  const sessionId = resumed ?? (await runtime.createSession({}, context)).sessionId;
  const maxSteps = countOption(args, "max-steps");
  const limits = maxSteps === undefined ? {} : { limits: { maxSteps } };
  const started = await runtime.startRun({ sessionId, prompt: userText(prompt), ...limits }, context);
  return { sessionId, ...started, fromSeq: resumed === undefined ? 1 : started.fromSeq };
}

import { agentOptions } from "./agent-options.ts";
import { flagOption, textOption } from "./command.ts";
import type { ParsedArgs } from "./command.ts";
import type { EventView } from "./event-view.ts";
import { exitCodes } from "./exit-codes.ts";
import { followRun, resumeHint } from "./follow-run.ts";
import { localContext } from "./local-context.ts";
import { openServer } from "./open-sessions.ts";
import { plain } from "./plain-text.ts";
import { planLines } from "./plan-mode.ts";
import { startOrResume } from "./remote-start.ts";
import type { RemoteTarget } from "./remote-start.ts";
import type { Terminal } from "./terminal.ts";
import { usageError } from "./usage-error.ts";
import { watchPlan } from "./watch-plan.ts";

/** A prompt for a server. */
export interface RemoteRun {
  readonly prompt: string;
  readonly view: EventView;
  readonly interactive: boolean;
}

/** What only the server decides. */
const notThere: readonly string[] = [
  ...Object.keys(agentOptions).filter((name) => name !== "cwd" && name !== "max-steps"),
  "acquire",
];

/** What belongs to the beginning of a session. */
const forNewSessions: readonly string[] = ["cwd", "handoff"];

/**
 * Runs a prompt at the server that `--server` names and shows what happens; questions are asked in place, Ctrl-C cancels.
 * The run is the server's: whoever leaves it can come back with `--resume`.
 *
 * @throws TauError `cli.usage`, `plan.*`, `readiness.*`, and what the server answers
 */
export async function runAtServer(args: ParsedArgs, run: RemoteRun, terminal: Terminal): Promise<number> {
  assertFits(args);
  await using sessions = await openServer(args, terminal);
  const { runtime, server } = sessions;
  const gone = new AbortController();
  // Until there is a run to cancel, Ctrl-C is for the request.
  const stopListening = terminal.onInterrupt(() => gone.abort());
  const here = localContext(terminal);
  const context = { ...here, signal: gone.signal };
  let target: RemoteTarget;
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
  const { interactive } = run;
  const { sessionId, carryOut, before } = target;
  const watched = watchPlan(run.view);
  const followed = { runtime, ...target, context: here, terminal, view: watched.view, interactive, server };
  const exitCode = await followRun(followed);
  if (exitCode === exitCodes.ok) {
    await watched.assertKept(
      carryOut && (async () => isStill(carryOut, await runtime.getPlan({ ...carryOut, sessionId }, here))),
    );
    if (before !== undefined)
      for (const line of planLines(before, await runtime.listPlans(sessionId, here), { sessionId, server }))
        run.view.note(plain(line));
  } else if (interactive && exitCode !== exitCodes.waiting)
    terminal.stderr.write(resumeHint(sessionId, true, server));
  return exitCode;
}

function isStill(
  { path, sha256 }: { readonly path: string; readonly sha256: string },
  now: { readonly sha256: string },
): { readonly path: string; readonly isSame: boolean } {
  return { path, isSame: now.sha256 === sha256 };
}

/** @throws TauError `cli.usage` for what a server does not take, or not together */
function assertFits(args: ParsedArgs): void {
  const given = notThere.filter((name) => args.values[name] !== undefined);
  if (given.length > 0)
    throw usageError(
      `The server decides on that for itself: leave ${given.map((name) => `--${name}`).join(", ")} out, or --server.`,
    );
  const [resumed, toCarryOut] = [textOption(args, "resume"), textOption(args, "carry-out")];
  for (const name of forNewSessions)
    if (resumed !== undefined && textOption(args, name) !== undefined)
      throw usageError(`--${name} begins a new session; leave --resume out.`);
  if (toCarryOut === undefined && textOption(args, "approved") !== undefined)
    throw usageError("--approved goes with --carry-out.");
  if (toCarryOut !== undefined && flagOption(args, "plan"))
    throw usageError("--plan changes nothing: leave --carry-out out.");
}

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import type { Model } from "@tau/agent";
import { parseJson, TauError } from "@tau/core";
import type { ContextEntry } from "@tau/core";
import type {
  KnowledgeProvider,
  KnowledgeRequirement,
  Learnt,
  PreparedKnowledge,
  UserQuestion,
} from "@tau/memory";
import type { Hook } from "@tau/runtime";

import { askLine } from "../ask-line.ts";
import { flagOption, textOption } from "../command.ts";
import type { ParsedArgs } from "../command.ts";
import { localContext } from "../local-context.ts";
import type { Settings } from "../settings.ts";
import { visible } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { openStoredSessions, sessionNamed } from "../stored-sessions.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usage-error.ts";
import { sessionEvents } from "../session-events.ts";
import { openMemory } from "./open-memory.ts";

/** What a run is given beside its prompt. */
export interface PreparedRun {
  readonly hooks: readonly Hook[];
  readonly bootstrap: readonly ContextEntry[];
}

/** Where the knowledge of a run is looked for. */
export interface PrepareOptions {
  readonly settings: Settings;
  /** Who carries out plans. */
  readonly model: Model;
  readonly terminal: Terminal;
  readonly interactive: boolean;
}

/**
 * Does what `--readiness` and `--handoff` ask for, before there is a session.
 *
 * @throws TauError `readiness.*`, `cli.usage`, `session.not_found`
 */
export async function prepareRun(args: ParsedArgs, options: PrepareOptions): Promise<PreparedRun> {
  const [requirements, session] = [textOption(args, "readiness"), textOption(args, "handoff")];
  const acquire = flagOption(args, "acquire");
  if (acquire && requirements === undefined) throw usageError("--acquire goes with --readiness.");
  return {
    hooks: requirements === undefined ? [] : [await readinessHook(requirements, { ...options, acquire })],
    bootstrap: session === undefined ? [] : [await handoffEntry(session, options.terminal)],
  };
}

async function readinessHook(
  file: string,
  options: PrepareOptions & { readonly acquire: boolean },
): Promise<Hook> {
  const { assertReady, createReadinessGate, goneNotes, parseRequirements, prepareKnowledge } =
    await import("@tau/memory");
  const { settings, terminal, interactive, acquire } = options;
  const parsed = parseJson(await readText(resolve(terminal.cwd, file)));
  if (!parsed.ok) throw new TauError("cli.usage", `--readiness: ${file} is not JSON.`);
  const { signal } = new AbortController();
  // What stands on a note stands no longer than the note does.
  const { notes } = await openMemory({ ...settings, scope: settings.memory.scope ?? "project" });
  const goneEvidence = {
    goneEvidence: async (ids: readonly string[], stop: AbortSignal) => await goneNotes(notes, ids, stop),
  };
  const prepared = await prepareKnowledge(parseRequirements(parsed.value), {
    signal,
    provider: {
      ...goneEvidence,
      ...(interactive || acquire ? { executePlan: await planRunner(options) } : {}),
      ...(interactive
        ? { answerQuestions: async (questions) => await ask(questions, terminal, signal) }
        : {}),
    },
  });
  showReadiness(prepared, terminal);
  assertReady(prepared);
  // Once more when the run begins, so that the decision is in its events and the model knows what is known.
  const requirements: readonly KnowledgeRequirement[] = prepared.requirements;
  return createReadinessGate({ requirements, provider: goneEvidence });
}

/** Loaded only where something may be missing. */
async function planRunner(
  options: PrepareOptions & { readonly acquire: boolean },
): Promise<NonNullable<KnowledgeProvider["executePlan"]>> {
  const { acquireByAgent } = await import("./acquire-by-agent.ts");
  return acquireByAgent({ ...options, always: options.acquire });
}

/** What was looked for, and whether it is enough; of a run that is blocked the error says it. */
function showReadiness({ decision, steps }: PreparedKnowledge, { stderr }: Terminal): void {
  for (const step of steps) {
    if (step.type !== "plan") continue;
    const why = step.error === undefined ? "" : ` (${step.error.code})`;
    stderr.write(`${step.plan.id}: found ${step.learnt} of ${step.plan.requirementIds.length}${why}\n`);
  }
  if (decision.status === "caveat") stderr.write(`Not all is known: ${visible(decision.reason)}\n`);
}

async function ask(
  questions: readonly UserQuestion[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly Learnt[]> {
  const style = createStyle(terminal);
  const by = localContext(terminal).principal.id;
  const answers: Learnt[] = [];
  for (const { requirementId, question, reason } of questions) {
    terminal.stdout.write(
      `${style("bold", visible(question))}\n  ${visible(reason)} Empty: I do not know.\n`,
    );
    const value = (await askLine(terminal, "> ", signal))?.trim() ?? "";
    if (value !== "") answers.push({ requirementId, confidence: 1, evidenceIds: [`user:${by}`], value });
  }
  return answers;
}

async function handoffEntry(name: string, terminal: Terminal): Promise<ContextEntry> {
  const { createHandoff, renderHandoff } = await import("@tau/memory");
  await using sessions = await openStoredSessions(terminal);
  const sessionId = await sessionNamed(sessions.runtime, name, terminal);
  const handoff = createHandoff(await sessionEvents(sessions.runtime, sessionId, terminal));
  return {
    key: "handoff",
    content: renderHandoff(handoff),
    contentType: "text/markdown",
    label: handoff.label,
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new TauError("cli.usage", `--readiness: ${path} cannot be read.`, { cause: error });
  }
}

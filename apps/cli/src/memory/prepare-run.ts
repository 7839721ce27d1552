import { resolve } from "node:path";

import type { Model } from "@tau/agent";
import { parseJson, TauError } from "@tau/core";
import type { ContextEntry, Json } from "@tau/core";
import { readTextFile } from "@tau/core/files";
import type { KnowledgeProvider, Learnt, PreparedKnowledge } from "@tau/memory";
import type { Runtime } from "@tau/runtime";

import { flagOption, textOption } from "../command.ts";
import type { ParsedArgs } from "../command.ts";
import { localContext } from "../local-context.ts";
import type { Settings } from "../settings.ts";
import { visible } from "../plain-text.ts";
import { openStoredSessions, sessionNamed } from "../stored-sessions.ts";
import type { Terminal } from "../terminal.ts";
import { unfitReason } from "../unfit-reason.ts";
import { usageError } from "../usage-error.ts";
import { sessionEvents } from "../session-events.ts";
import { askForKnowledge } from "./ask-for-knowledge.ts";
import type { AskedKnowledge } from "./ask-for-knowledge.ts";
import { knownEvidence } from "./known-evidence.ts";

/** What a run is given beside its prompt. */
export interface PreparedRun {
  /** What was found ready to begin. */
  readonly requirements?: Json;
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
    ...(requirements === undefined
      ? {}
      : { requirements: await readyRequirements(requirements, { ...options, acquire }) }),
    bootstrap: session === undefined ? [] : [await storedHandoff(session, options.terminal)],
  };
}

/** What a file of requirements says. @throws TauError `cli.usage` */
export async function readRequirements(file: string, { cwd }: Terminal): Promise<Json> {
  const parsed = parseJson(await readText(resolve(cwd, file)));
  if (parsed.ok) return parsed.value;
  throw new TauError("cli.usage", `--readiness: ${file} is not JSON.`);
}

async function readyRequirements(
  file: string,
  options: PrepareOptions & { readonly acquire: boolean },
): Promise<Json> {
  const { assertReady, parseRequirements, prepareKnowledge } = await import("@tau/memory");
  const { settings, terminal, interactive, acquire } = options;
  const requirements = await readRequirements(file, terminal);
  const { signal } = new AbortController();
  const prepared = await prepareKnowledge(parseRequirements(requirements), {
    signal,
    provider: {
      ...(await knownEvidence(settings)),
      ...(interactive || acquire ? { executePlan: await planRunner(options) } : {}),
      ...(interactive
        ? { answerQuestions: async (questions) => await learntFrom(questions, terminal, signal) }
        : {}),
    },
  });
  showReadiness(prepared, terminal);
  assertReady(prepared);
  const known: Json = JSON.parse(JSON.stringify(prepared.requirements));
  return known;
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

async function learntFrom(
  questions: readonly AskedKnowledge[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly Learnt[]> {
  const by = localContext(terminal).principal.id;
  const answers = await askForKnowledge(questions, terminal, signal);
  return answers.map((answer) => ({ ...answer, confidence: 1, evidenceIds: [`user:${by}`] }));
}

async function storedHandoff(name: string, terminal: Terminal): Promise<ContextEntry> {
  await using sessions = await openStoredSessions(terminal);
  return await handoffEntry(sessions.runtime, name, terminal);
}

/** What a session hands over to the next one. Throws `session.not_found`. */
export async function handoffEntry(
  runtime: Pick<Runtime, "attach" | "getSession" | "listSessions">,
  name: string,
  terminal: Terminal,
): Promise<ContextEntry> {
  const { createHandoff, renderHandoff } = await import("@tau/memory");
  const sessionId = await sessionNamed(runtime, name, terminal);
  const handoff = createHandoff(await sessionEvents(runtime, sessionId, terminal));
  return {
    key: "handoff",
    content: renderHandoff(handoff),
    contentType: "text/markdown",
    label: handoff.label,
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readTextFile(path);
  } catch (error) {
    throw new TauError("cli.usage", `--readiness: ${path} cannot be read.${unfitReason(error)}`, {
      cause: error,
    });
  }
}

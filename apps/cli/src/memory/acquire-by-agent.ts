import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";

import type { Model } from "@tau/agent";
import { isJsonObject, parseJson } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { DataAcquisitionPlan, Learnt } from "@tau/memory";
import { completeRun } from "@tau/runtime";

import { confirmed } from "../confirm.ts";
import { localContext } from "../local-context.ts";
import { openLocalRuntime } from "../local-runtime.ts";
import type { LocalRuntime } from "../local-runtime.ts";
import { clip, visible } from "../plain-text.ts";
import { sessionEvents } from "../session-events.ts";
import type { Settings } from "../settings.ts";
import type { Terminal } from "../terminal.ts";

/** Who finds out, and who is asked whether they may. */
export interface AcquireOptions {
  readonly settings: Settings;
  readonly model: Model;
  readonly terminal: Terminal;
  readonly interactive: boolean;
  /** Carry plans out without asking. */
  readonly always: boolean;
}

const maxSteps = 15;
const maxValueChars = 500;

/**
 * Carries out plans for knowledge that is missing: an agent looks, in a session of its own and under the rules of the run.
 *
 * - It changes nothing where looking is enough, and nobody is asked for what its calls would need.
 * - What it says counts as found only when a tool of it worked, and a file that it names is there; else as an assertion.
 * - What was made from untrusted text would be told to the model as known: only a person can let it through.
 */
export function acquireByAgent(
  options: AcquireOptions,
): (plan: DataAcquisitionPlan, signal: AbortSignal) => Promise<readonly Learnt[]> {
  const { settings, model, terminal, always } = options;
  return async (plan, signal) => {
    if (!(await confirmed({ terminal, yes: always }, offerOf(plan)))) return [];
    await using local = await openLocalRuntime({ settings: settingsOf(plan, settings), model, takesUp: [] });
    await local.runtime.start();
    const context: CallContext = { ...localContext(terminal), signal };
    const { sessionId } = await local.runtime.createSession({ bootstrap: local.bootstrap }, context);
    const request = { sessionId, prompt: promptOf(plan), limits: { maxSteps } };
    const { text, label } = await completeRun(local.runtime, request, context);
    const grounds = (await didLook(local, sessionId, terminal)) ? [`session:${sessionId}`] : [];
    const found = await learntFrom(text, plan, { cwd: settings.cwd, grounds });
    return label?.integrity === "untrusted" ? await letThrough(found, options) : found;
  };
}

/** Looking needs no more than reading; what else a plan needs, the rules of the folder must allow. */
function settingsOf({ mode }: DataAcquisitionPlan, settings: Settings): Settings {
  const looks = mode === "inspect_repo" || mode === "infer_low_confidence";
  return { ...settings, approve: "never", ...(looks ? { profile: "read-only" } : {}) };
}

const ways: Readonly<Record<DataAcquisitionPlan["mode"], string>> = {
  inspect_repo: "look into the files of this folder",
  run_command: "run commands",
  search_web: "search the web",
  query_connector: "ask the connected services",
  infer_low_confidence: "infer it from what is at hand",
};

function offerOf({ mode, requirements }: DataAcquisitionPlan): string {
  const what = requirements.map(({ description }) => `  - ${clip(visible(description), 200)}`).join("\n");
  return `To be known first:\n${what}\nLet an agent ${ways[mode]} for it?`;
}

function promptOf({ mode, requirements }: DataAcquisitionPlan): string {
  const what = requirements.map(({ id, description }) => `- ${id}: ${description}`).join("\n");
  return `Find out what follows, and nothing else: ${ways[mode]}. Change nothing.
${what}
Answer with a JSON list alone, one object for each thing that you found: {"id": "…", "value": "…", "files": ["…"],
"confidence": 0.9}. "files" are those that say so, relative to this folder. Leave out what you did not find; never guess.`;
}

/** Whether any tool of the session did what it was asked to do. */
async function didLook({ runtime }: LocalRuntime, sessionId: string, terminal: Terminal): Promise<boolean> {
  const events = await sessionEvents(runtime, sessionId, terminal);
  return events.some(({ event }) => event.type === "effect_finished" && event.outcome === "completed");
}

interface Grounds {
  readonly cwd: string;
  readonly grounds: readonly string[];
}

async function learntFrom(
  text: string,
  { mode, requirementIds }: DataAcquisitionPlan,
  { cwd, grounds }: Grounds,
): Promise<readonly Learnt[]> {
  const parsed = parseJson(text.slice(text.indexOf("["), text.lastIndexOf("]") + 1));
  const learnt: Learnt[] = [];
  for (const item of parsed.ok && Array.isArray(parsed.value) ? parsed.value : []) {
    if (!isJsonObject(item)) continue;
    const { id, value, files, confidence } = item;
    if (typeof id !== "string" || !requirementIds.includes(id) || typeof value !== "string") continue;
    const named = await filesIn(cwd, Array.isArray(files) ? files : []);
    const isFound = mode === "inspect_repo" ? named.length > 0 : mode !== "infer_low_confidence";
    learnt.push({
      requirementId: id,
      confidence: typeof confidence === "number" ? confidence : 0,
      evidenceIds: isFound && grounds.length > 0 ? [...named, ...grounds] : [],
      value: clip(value, maxValueChars),
    });
  }
  return learnt;
}

/** Those of the named files that are there, in the folder. */
async function filesIn(cwd: string, names: readonly unknown[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of names.slice(0, 20)) {
    if (typeof name !== "string") continue;
    const path = relative(cwd, resolve(cwd, name));
    if (path === "" || path.startsWith("..")) continue;
    if ((await stat(resolve(cwd, path)).catch(() => undefined))?.isFile() === true)
      found.push(`file:${path}`);
  }
  return found;
}

async function letThrough(
  found: readonly Learnt[],
  { terminal, interactive }: AcquireOptions,
): Promise<readonly Learnt[]> {
  const kept: Learnt[] = [];
  for (const one of found) {
    const question = `Found, in text that nobody vouches for: ${visible(one.requirementId)} is "${visible(one.value ?? "")}". Take it?`;
    if (interactive && (await confirmed({ terminal, yes: false }, question))) kept.push(one);
  }
  return kept;
}

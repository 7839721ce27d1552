import { TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";

import type { Access } from "../access.ts";
import { describeChange, planChange, writeChange } from "../builtin/change-file.ts";
import type { PlannedChange } from "../builtin/change-file.ts";
import { openFile, openFileIfAny, placeOf, recordSeen } from "../builtin/open-file.ts";
import type { OpenFile, Place } from "../builtin/open-file.ts";
import { workspacePath } from "../builtin/workspace-path.ts";
import { defineTool } from "../define-tool.ts";
import { sha256 } from "../sha256.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { applyHunks } from "./apply-hunks.ts";
import { parsePatch } from "./parse-patch.ts";
import type { PatchOperation } from "./parse-patch.ts";

/** Makes the tool that applies patches as models of OpenAI write them, over the same core as `edit`. */
export function createApplyPatchTool(): Tool {
  return defineTool<{ readonly patch: string }>({
    name: "apply_patch",
    description: `Changes files by a patch: all of it or nothing. Read files before you update or delete them.
*** Begin Patch
*** Update File: path
*** Move to: new path (optional)
@@ line of the enclosing class or function (optional)
 unchanged line
-old line
+new line
*** Add File: path
+line
*** Delete File: path
*** End Patch`,
    input: {
      type: "object",
      properties: { patch: { type: "string", minLength: 1, description: "The whole envelope." } },
      required: ["patch"],
      additionalProperties: false,
    },
    sideEffect: "compensable",
    timeoutMs: 60_000,
    access: ({ patch }, workspace): readonly Access[] => {
      try {
        return parsePatch(patch)
          .flatMap((operation) => pathsOf(operation))
          .map((path) => ({ kind: "write", path: workspacePath(workspace, path) }));
      } catch {
        return [{ kind: "other" }]; // `execute` says what is wrong with it
      }
    },
    execute: async ({ patch }, context) => {
      const planned: Step[] = [];
      for (const operation of parsePatch(patch)) planned.push(await plan(operation, context));
      await carryOut(planned, context);
      return await report(planned);
    },
  });
}

function pathsOf(operation: PatchOperation): readonly string[] {
  const moved = operation.kind === "update" && operation.moveTo !== undefined ? [operation.moveTo] : [];
  return [operation.path, ...moved];
}

/** What is to be done with one file, found to fit. */
type Step =
  | { readonly kind: "create"; readonly place: Place; readonly content: string }
  | { readonly kind: "delete"; readonly file: OpenFile }
  | { readonly kind: "change"; readonly change: PlannedChange }
  | { readonly kind: "move"; readonly file: OpenFile; readonly change?: PlannedChange; readonly to: Place };

async function plan(operation: PatchOperation, context: ToolContext): Promise<Step> {
  const place = await placeOf(operation.path, context);
  if (operation.kind === "add") {
    await assertFree(place, context);
    return { kind: "create", place, content: operation.content };
  }
  const file = await openFile(place, context);
  if (operation.kind === "delete") {
    assertSeen(file, context);
    return { kind: "delete", file };
  }
  const { hunks, moveTo } = operation;
  const change =
    hunks.length === 0
      ? undefined
      : planChange(file, (name, before) => applyHunks(name, before, hunks), context);
  if (moveTo !== undefined) {
    assertSeen(file, context);
    const to = await placeOf(moveTo, context);
    await assertFree(to, context);
    return { kind: "move", file, to, ...(change === undefined ? {} : { change }) };
  }
  if (change === undefined) throw new TypeError("An update without a change is refused when it is read.");
  return { kind: "change", change };
}

async function assertFree(place: Place, context: ToolContext): Promise<void> {
  if ((await openFileIfAny(place, context)) === undefined) return;
  throw new TauError("environment.exists", `${place.shown} exists already: update it instead.`);
}

function assertSeen(file: OpenFile, context: ToolContext): void {
  const seen = context.files.seen(file.real);
  if (seen === file.sha256) return;
  throw new TauError(
    seen === undefined ? "file.unread" : "file.stale",
    `${file.shown} ${seen === undefined ? "has not been read" : "has changed since you last saw it"}. Read it first, so that nothing in it is lost by mistake.`,
  );
}

/** Does one step after the other; when one fails, those before it are taken back. */
async function carryOut(steps: readonly Step[], context: ToolContext): Promise<void> {
  const done: (() => Promise<void>)[] = [];
  // What was begun is taken back also when the run is cancelled.
  const calm = { ...context, signal: new AbortController().signal };
  try {
    for (const step of steps) await perform(step, context, { calm, done });
  } catch (error) {
    for (const undo of done.toReversed()) await undo();
    throw error;
  }
}

interface Undo {
  readonly calm: ToolContext;
  readonly done: (() => Promise<void>)[];
}

async function perform(step: Step, context: ToolContext, { calm, done }: Undo): Promise<void> {
  switch (step.kind) {
    case "create":
      await create(step.place, Buffer.from(step.content), context);
      done.push(() => remove(step.place.real, calm));
      break;
    case "change":
      await writeChange(step.change, context);
      done.push(() => put(step.change.file, calm));
      break;
    case "move": {
      await create(step.to, step.change?.after ?? step.file.data, context);
      done.push(() => remove(step.to.real, calm));
      await removeFile(step.file, context);
      done.push(() => put(step.file, calm));
      break;
    }
    case "delete":
      await removeFile(step.file, context);
      done.push(() => put(step.file, calm));
  }
}

async function create(place: Place, data: Uint8Array, context: ToolContext): Promise<void> {
  await context.environment.writeFile(place.real, data, { exclusive: true }, context.signal);
  recordSeen(context, { real: place.real, sha256: sha256(data) }, Buffer.from(data).toString("utf8"));
}

async function put(file: OpenFile, context: ToolContext): Promise<void> {
  await context.environment.writeFile(file.real, file.data, {}, context.signal);
}

/** Writing what is there already tells whether the profile lets it be changed: a command alone might not. */
async function removeFile(file: OpenFile, context: ToolContext): Promise<void> {
  await put(file, context);
  await remove(file.real, context);
}

async function remove(path: string, { environment, signal }: ToolContext): Promise<void> {
  const { exitCode } = await environment.exec(
    { argv: ["rm", "-f", "--", path], timeoutMs: 10_000, network: false },
    signal,
  );
  if (exitCode !== 0) throw new TauError("environment.failed", "A file of the patch could not be removed.");
}

async function report(steps: readonly Step[]): Promise<ToolOutput> {
  const lines: string[] = [];
  const diffs: string[] = [];
  let [added, removed] = [0, 0];
  for (const step of steps) {
    const change = step.kind === "change" || step.kind === "move" ? step.change : undefined;
    if (step.kind === "create") lines.push(`Created ${step.place.shown}.`);
    if (step.kind === "delete") lines.push(`Deleted ${step.file.shown}.`);
    if (step.kind === "move") lines.push(`Moved ${step.file.shown} to ${step.to.shown}.`);
    if (change === undefined) continue;
    const { text, diff } = await describeChange(change);
    lines.push(text);
    added += diff.added;
    removed += diff.removed;
    if (typeof diff.details["diff"] === "string") diffs.push(diff.details["diff"]);
  }
  const details: JsonObject = { diff: diffs.join("\n"), added, removed };
  return textOutput(lines.join("\n"), { details: diffs.length === 0 ? {} : details });
}

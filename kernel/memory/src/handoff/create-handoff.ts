import { isJsonObject, joinLabels, parseJson, systemLabel, textOf, toolCallsOf } from "@tau/core";
import type { EffectFinished, Json, JsonObject, Label, Recorded, SessionEvent } from "@tau/core";

import { clipText } from "./handoff.ts";
import type { Handoff, HandoffDecision, HandoffFile } from "./handoff.ts";

/** Tools whose last call is the plan. */
const planningTools: ReadonlySet<string> = new Set(["todo", "create_plan", "update_plan", "plan"]);
const changingTools: ReadonlySet<string> = new Set(["write", "edit", "apply_patch", "str_replace"]);

/** Makes the hand-off of a session from its events, oldest first. */
export function createHandoff(events: readonly Recorded[]): Handoff {
  const draft = new HandoffDraft();
  for (const recorded of events) draft.apply(recorded);
  return draft.finish();
}

class HandoffDraft {
  #sessionId = "";
  #seq = 0;
  #at = 0;
  readonly #goals: string[] = [];
  #plan: string | undefined;
  readonly #files = new Map<string, HandoffFile>();
  readonly #decisions: HandoffDecision[] = [];
  readonly #risks: string[] = [];
  /** Failures that a later success of the same tool takes back. */
  readonly #failed = new Map<string, string>();
  /** Questions that nobody answered yet. */
  readonly #open = new Map<string, string>();
  readonly #asked = new Map<string, string>();
  readonly #calls = new Map<string, JsonObject>();
  #answer: string | undefined;
  #end: string | undefined;
  #isRunning = false;
  #label: Label = systemLabel;

  apply({ seq, at, event }: Recorded): void {
    this.#seq = seq;
    this.#at = at;
    switch (event.type) {
      case "session_created":
        this.#sessionId = event.sessionId;
        this.#label = joinLabels(this.#label, ...event.bootstrap.flatMap(({ label }) => label ?? []));
        break;
      case "run_started":
        this.#goals.push(clipText(textOf(event.prompt)));
        this.#joined(event.prompt.parts);
        this.#isRunning = true;
        this.#end = undefined;
        break;
      case "model_finished":
        this.#answered(event);
        break;
      case "permission_decided":
        if (event.decision === "deny")
          this.#decided(event.tool, "denied", event.rule ?? "the rules", event.reason);
        break;
      case "approval_requested":
        this.#joined([event]);
        this.#open.set(event.approvalId, event.summary);
        this.#asked.set(event.approvalId, event.summary);
        break;
      case "approval_answered":
        this.#open.delete(event.approvalId);
        this.#decided(
          this.#asked.get(event.approvalId) ?? event.effectId,
          event.answer,
          event.by,
          event.note,
        );
        break;
      case "hook_decided":
        if (event.decision !== "allow" && event.decision !== "rewrite")
          this.#decided(event.point, event.decision, `hook ${event.hook}`, event.reason);
        break;
      case "effect_finished":
        this.#finished(event);
        break;
      case "run_finished":
        this.#isRunning = false;
        this.#end =
          event.status === "completed"
            ? undefined
            : `${event.status} (${event.error?.message ?? event.reason})`;
        break;
      default:
        break;
    }
  }

  #answered({ message, label }: Extract<SessionEvent, { readonly type: "model_finished" }>): void {
    if (label !== undefined) this.#label = joinLabels(this.#label, label);
    const text = textOf(message);
    if (text.trim() !== "") this.#answer = clipText(text, 4_000);
    for (const call of toolCallsOf(message)) {
      const parsed = parseJson(call.arguments);
      const args = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
      this.#calls.set(call.id, args);
      if (planningTools.has(call.name)) this.#plan = planText(args);
    }
  }

  /** What no model has answered to has no label but its own. */
  #joined(parts: readonly { readonly label?: Label }[]): void {
    for (const { label } of parts) if (label !== undefined) this.#label = joinLabels(this.#label, label);
  }

  #finished({ tool, outcome, callId, details, result }: EffectFinished): void {
    this.#joined(result.content);
    const args = this.#calls.get(callId) ?? {};
    const what = described(tool, args);
    if (outcome === "unknown") this.#risks.push(`It is not known what became of ${what}.`);
    if (outcome === "failed" || outcome === "cancelled") this.#failed.set(what, outcome);
    if (outcome === "completed") {
      this.#failed.delete(what);
      this.#touched(tool, details?.["path"] ?? args["path"], details?.["sha256"]);
    }
  }

  #touched(tool: string, path: unknown, sha256: unknown): void {
    if (typeof path !== "string" || path === "") return;
    const action =
      changingTools.has(tool) || this.#files.get(path)?.action === "changed" ? "changed" : "read";
    if (action === "read" && tool !== "read") return;
    this.#files.set(path, { path, action, ...(typeof sha256 === "string" ? { sha256 } : {}) });
  }

  #decided(what: string, decision: string, by: string, reason: string | undefined): void {
    this.#decisions.push({ what, decision, by, ...(reason === undefined ? {} : { reason }) });
  }

  finish(): Handoff {
    const risks = [
      ...this.#risks,
      ...[...this.#failed].map(([what, outcome]) => `${what} ${outcome}, and was not done since.`),
      ...(this.#end === undefined ? [] : [`The last run ${this.#end}.`]),
    ];
    const next = [
      ...[...this.#open.values()].map((summary) => `Answer the question: ${summary}`),
      ...(this.#isRunning ? ["Take up the run that was interrupted, or ask for its rest."] : []),
      ...(this.#end === undefined ? [] : ["See to why the last run did not end well, then ask again."]),
    ];
    return {
      sessionId: this.#sessionId,
      seq: this.#seq,
      at: this.#at,
      goals: this.#goals,
      ...(this.#plan === undefined ? {} : { plan: this.#plan }),
      files: [...this.#files.values()],
      decisions: this.#decisions,
      risks,
      next: next.length > 0 ? next : ["Nothing is open: go on from the last answer."],
      ...(this.#answer === undefined ? {} : { answer: this.#answer }),
      label: this.#label,
    };
  }
}

function described(tool: string, args: JsonObject): string {
  const about = ["path", "command", "pattern", "url", "query"]
    .map((key) => args[key])
    .find((value) => typeof value === "string");
  return about === undefined ? `the call of ${tool}` : `${tool} ${clipText(about, 120)}`;
}

/** A plan as a list, where it is one: of texts, or of objects with a title and a status. */
function planText(args: JsonObject): string {
  const list = Object.values(args).find((value): value is Json[] => Array.isArray(value));
  if (list === undefined) return clipText(JSON.stringify(args));
  const lines = list.map((item) => {
    if (!isJsonObject(item)) return `- ${typeof item === "string" ? item : JSON.stringify(item)}`;
    const title = ["title", "content", "text", "step", "description"]
      .map((key) => item[key])
      .find((value) => typeof value === "string");
    const status = typeof item["status"] === "string" ? `[${item["status"]}] ` : "";
    return `- ${status}${title ?? JSON.stringify(item)}`;
  });
  return clipText(lines.join("\n"), 4_000);
}

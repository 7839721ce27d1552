import { isTauError, joinLabels } from "@tau/core";
import { defineTool, textOutput } from "@tau/tools";
import type { Tool, ToolOutput } from "@tau/tools";

import { renderNote } from "../notes/note-codec.ts";
import { notePath } from "../notes/note.ts";
import type { Note } from "../notes/note.ts";
import { memoryCall, notUnder } from "./memory-context.ts";
import type { MemoryCall, MemoryToolsOptions } from "./memory-context.ts";

/** What a model asks of its notes. */
export interface NoteInput {
  readonly command: "add" | "show" | "retract";
  readonly summary?: string;
  readonly body?: string;
  readonly type?: string;
  readonly supersedes?: string;
  readonly id?: string;
  readonly reason?: string;
}

const types = ["fact", "preference", "decision", "lesson"] as const;

/**
 * Makes the tool `memory_note`: facts with their grounds. What it writes names the call that wrote it, and is trusted no
 * further than what the session had been shown; in a session that was shown untrusted text it only proposes.
 */
export function createNoteTool(options: MemoryToolsOptions): Tool<NoteInput> {
  return defineTool<NoteInput>({
    name: "memory_note",
    description: `Remembers one fact for later sessions: {"command": "add", "summary": "one line", "body": "why, and what it follows from", "type": "lesson"}. When a fact changed, add the new one with "supersedes": the old one's id. Read one: {"command": "show", "id": "…"}. One that was never true: {"command": "retract", "id": "…", "reason": "…"}. No secrets; nothing that the project's own files say.`,
    input: {
      type: "object",
      properties: {
        command: { type: "string", enum: ["add", "show", "retract"] },
        summary: { type: "string", minLength: 1, maxLength: 200, description: "The fact, in one line." },
        body: { type: "string", maxLength: 20_000 },
        type: { type: "string", enum: [...types] },
        supersedes: { type: "string", description: "The id of the note that this one replaces." },
        id: { type: "string" },
        reason: { type: "string", minLength: 1, maxLength: 300 },
      },
      required: ["command"],
      oneOf: [
        { properties: { command: { const: "add" } }, required: ["summary"] },
        { properties: { command: { const: "show" } }, required: ["id"] },
        { properties: { command: { const: "retract" } }, required: ["id", "reason"] },
      ],
      additionalProperties: false,
    },
    // The id of a note is made from the key of the call.
    sideEffect: "idempotent",
    async execute(input, context) {
      const call = memoryCall(options, context);
      if (input.command === "add") return await add(input, call);
      const { id = "", reason = "" } = input;
      if (input.command === "show") return await show(id, call);
      if (call.mustWait) throw notUnder(call.label, "Retracting a note");
      const ids = await call.memory.notes.retract(id, reason, call.author, call.signal);
      return textOutput(`Retracted: ${ids.join(", ")}.`);
    },
  });
}

async function add(input: NoteInput, call: MemoryCall): Promise<ToolOutput> {
  const { memory, author, label, mustWait, signal, event } = call;
  const { summary = "", body, type, supersedes } = input;
  const note = memory.notes.draft(
    {
      summary,
      label,
      events: [event],
      // The same call makes the same note, also when it is made again after a crash.
      key: event,
      ...(body === undefined ? {} : { body }),
      ...(type === undefined ? {} : { type }),
      ...(supersedes === undefined ? {} : { supersedes }),
    },
    author,
  );
  if (mustWait) return await propose(note, call);
  try {
    await memory.notes.add(note, author, signal);
  } catch (error) {
    if (!isTauError(error) || error.code !== "memory.exists" || !(await isSame(note, call))) throw error;
  }
  return textOutput(`Remembered as ${note.id}.`);
}

async function isSame(note: Note, { memory, signal }: MemoryCall): Promise<boolean> {
  return (await memory.notes.get(note.id, signal)).summary === note.summary;
}

async function propose(note: Note, { memory, author, label, signal }: MemoryCall): Promise<ToolOutput> {
  const path = notePath(note.id);
  const { summary } = note;
  const { id } = await memory.inbox.propose(
    { path, text: renderNote(note), replaces: null, summary, by: author.by, label },
    signal,
  );
  return textOutput(
    `Not remembered yet: this session was shown what nobody vouches for, so a person decides on it first (proposal ${id}).`,
  );
}

async function show(id: string, { memory, signal }: MemoryCall): Promise<ToolOutput> {
  const note = await memory.notes.get(id, signal);
  await memory.notes.used([id], signal);
  const { label } = note;
  return textOutput(renderNote(note), {
    label: joinLabels(label, { ...label, origins: [`memory:${id}`] }),
  });
}

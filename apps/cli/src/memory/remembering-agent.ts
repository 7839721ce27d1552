import { joinLabels, workspaceLabel } from "@tau/core";
import type { ContextEntry } from "@tau/core";
import type { Memory } from "@tau/memory";
import type { AgentConfig } from "@tau/runtime";

import { policyFor } from "../open-environment.ts";
import type { Settings } from "../settings.ts";
import { openMemory } from "./open-memory.ts";

/** An agent that remembers, and what its sessions begin with. */
export interface RememberingAgent {
  readonly agent: AgentConfig;
  readonly bootstrap: () => Promise<readonly ContextEntry[]>;
  /** Absent where nothing is to be remembered. */
  readonly memory?: Memory;
}

const guidance = `You have a memory that outlives this session. Look at /memories with the tool memory before you begin, search it with
memory_search, and write down with memory_note what will be of use in later sessions: one fact a note, with the reason.`;

/**
 * Lets an agent remember: the tools, and the list of notes in what its sessions begin with.
 *
 * The tools need no rule of the person: they touch nothing but the memory, which says by itself what must wait for somebody.
 */
export async function withMemory(agent: AgentConfig, settings: Settings): Promise<RememberingAgent> {
  const { memory: chosen } = settings;
  if (chosen.enabled !== true) return { agent, bootstrap: async () => [] };
  const memory = await openMemory({ ...settings, scope: chosen.scope ?? "project" });
  const { memoryTools } = await import("@tau/memory");
  const tools = memoryTools({ memoryOf: () => memory });
  for (const tool of tools) agent.tools.register(tool);
  const own = {
    layer: "session",
    source: "memory",
    rules: { allow: tools.map(({ name }) => name) },
  } as const;
  const layers = [...settings.layers, own];
  return {
    memory,
    bootstrap: async () => await noteEntries(memory),
    agent: {
      ...agent,
      instructions: agent.instructions === undefined ? guidance : `${agent.instructions}\n\n${guidance}`,
      policyFor: (environment, grants) => policyFor({ ...settings, layers }, environment, grants),
    },
  };
}

/** The list of notes, as it is now. */
async function noteEntries({ notes: book }: Memory): Promise<readonly ContextEntry[]> {
  const { renderNoteIndex } = await import("@tau/memory");
  const { signal } = new AbortController();
  // What nobody vouches for would taint every session; it is found when somebody looks for it.
  const notes = (await book.current(signal)).filter(({ label }) => label.integrity !== "untrusted");
  const content = renderNoteIndex(notes, Date.now());
  const label = joinLabels(workspaceLabel, ...notes.map((note) => note.label));
  return content === "" ? [] : [{ key: "memory", content, contentType: "text/markdown", label }];
}

import type { KnowledgeProvider } from "@tau/memory";

import type { Settings } from "../settings.ts";
import { openMemory } from "./open-memory.ts";

/** Says which evidence does not hold any more: what stands on a note stands no longer than the note does. */
export async function knownEvidence(
  settings: Settings,
): Promise<Required<Pick<KnowledgeProvider, "goneEvidence">>> {
  const { goneNotes } = await import("@tau/memory");
  const { notes } = await openMemory({ ...settings, scope: settings.memory.scope ?? "project" });
  return { goneEvidence: async (ids, signal) => await goneNotes(notes, ids, signal) };
}

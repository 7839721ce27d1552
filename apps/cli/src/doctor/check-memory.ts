import { openMemory } from "../memory/open-memory.ts";
import type { Settings } from "../settings.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Reads the memory as a run would: notes that cannot be read, and what waits for a person. */
export async function checkMemory(settings: Settings): Promise<Finding> {
  const { enabled, scope = "project" } = settings.memory;
  if (enabled !== true)
    return { check: "memory", result: "ok", detail: "not used: tau.toml says no [memory] enabled = true" };
  try {
    const memory = await openMemory({ ...settings, scope });
    const { signal } = new AbortController();
    const [{ notes, unreadable }, waiting] = await Promise.all([
      memory.notes.list(signal),
      memory.inbox.list(signal),
    ]);
    const [first] = unreadable;
    if (first !== undefined) return { check: "memory", result: "fault", detail: first.reason };
    const waits = waiting.length === 0 ? "" : `, ${waiting.length} waiting for you: tau memory inbox`;
    return { check: "memory", result: waits === "" ? "ok" : "note", detail: `${notes.length} notes${waits}` };
  } catch (error) {
    return faultOf("memory", error);
  }
}

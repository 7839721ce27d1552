import { openMemoryStore } from "../lib/bench-runtime.ts";
import { openTau } from "./tau-rung.ts";
import type { Rung } from "./rung.ts";

/** Tau with its in-memory store. */
export async function openRung({ baseUrl }: { readonly baseUrl: string }): Promise<Rung> {
  return await openTau(openMemoryStore(), baseUrl);
}

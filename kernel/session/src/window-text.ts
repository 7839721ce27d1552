import { isJsonObject, isLabel, joinLabels, parseJson } from "@tau/core";
import type { Label } from "@tau/core";

import type { HistoryEntry } from "./history-entry.ts";

/** The version of {@link toWindowText}'s shape. */
export const windowTextVersion = 1;

/** An entry with the place of its label: a thousand entries have a handful of labels. */
interface StoredEntry extends Omit<HistoryEntry, "label"> {
  readonly label: number;
}

/** Writes entries of a history as JSON. */
export function toWindowText(entries: readonly HistoryEntry[]): string {
  const places = new Map<Label, number>();
  const stored = entries.map((entry): StoredEntry => {
    const label = places.get(entry.label) ?? places.size;
    places.set(entry.label, label);
    return { ...entry, label };
  });
  return JSON.stringify({ labels: [...places.keys()], entries: stored });
}

/** Reads entries back; undefined for what {@link toWindowText} did not write. */
export function fromWindowText(text: string): readonly HistoryEntry[] | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const stored: Readonly<Record<string, unknown>> = parsed.value;
  const { labels, entries } = stored;
  if (!Array.isArray(labels) || !labels.every(isLabel)) return undefined;
  if (!Array.isArray(entries) || !entries.every(isStoredEntry)) return undefined;
  // Joined, so that later joins need not put their names in order again.
  const known = labels.map((label) => joinLabels(label));
  const read: HistoryEntry[] = [];
  for (const { seq, message, acted, tokens, startsTurn, label: place } of entries) {
    const label = known[place];
    if (label === undefined) return undefined;
    read.push({ seq, message, label, acted, tokens, startsTurn });
  }
  return read;
}

/** Tells whether a value is an entry by what every entry has. Trusts the message: this program wrote it. */
function isStoredEntry(value: unknown): value is StoredEntry {
  return (
    isJsonObject(value) &&
    typeof value["seq"] === "number" &&
    typeof value["tokens"] === "number" &&
    typeof value["acted"] === "boolean" &&
    typeof value["startsTurn"] === "boolean" &&
    typeof value["label"] === "number" &&
    isJsonObject(value["message"]) &&
    Array.isArray(value["message"]["parts"])
  );
}

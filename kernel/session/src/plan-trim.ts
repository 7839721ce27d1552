import type { ToolResultPart } from "@tau/core";
import { estimateTokens } from "@tau/core";

import { clearedTokens } from "./cleared-result.ts";
import type { History } from "./history.ts";
import type { HistoryEntry } from "./history-entry.ts";

/** How much history goes to the model. */
export interface ContextBudget {
  /** Tokens for messages; above it old results of tools are left out, and then the oldest turns. */
  readonly maxTokens: number;
  /** The share of `maxTokens` that is kept when something is left out: in big hops, so that the provider's prompt cache survives many turns. Default 0.5. */
  readonly keepRatio?: number;
}

/** What to stop sending. */
export interface Trim {
  /** The first event whose message is still sent: the prompt of a turn. */
  readonly fromSeq: number;
  readonly droppedMessages: number;
  /** The calls whose results are left out from now on; a note stands in their place. */
  readonly clearedCalls: readonly string[];
}

/** Options of {@link planTrim}. */
export interface TrimOptions {
  /** Whether the results of a tool stay however old they are, as instructions do. Default: none do. */
  readonly keepsResults?: (tool: string) => boolean;
}

/** Of what may be kept, the share that belongs to the newest results of tools: they are never left out. */
const newestShare = 0.5;
/** Leaving out results is worth a new beginning of the prompt cache from this share of the budget on. */
const leastGain = 0.1;

/**
 * Decides whether a history fits, and what to leave out when it does not: first the old results of tools, which can
 * be read again, then whole turns, oldest first. Never the prompt of the run under way, never the newest results, and
 * never one half of a tool call and its result. Answers undefined when nothing is to be left out.
 */
export function planTrim(
  history: History,
  budget: ContextBudget,
  options: TrimOptions = {},
): Trim | undefined {
  const { entries, tokens } = history;
  const [first] = entries;
  if (tokens <= budget.maxTokens || first === undefined) return undefined;
  const target = budget.maxTokens * (budget.keepRatio ?? 0.5);
  const cleared = planClearing(entries, target * newestShare, options);
  const worth = cleared.gain >= budget.maxTokens * leastGain;
  const left = worth ? tokens - cleared.gain : tokens;
  const gains = worth ? cleared.gains : new Map<HistoryEntry, number>();
  const drop = left <= target ? undefined : planDrop(entries, left - target, gains);
  if (drop === undefined && !worth) return undefined;
  const { fromSeq, droppedMessages } = drop ?? { fromSeq: first.seq, droppedMessages: 0 };
  return { fromSeq, droppedMessages, clearedCalls: worth ? cleared.callsFrom(fromSeq) : [] };
}

interface Clearing {
  /** Tokens. */
  readonly gain: number;
  readonly gains: ReadonlyMap<HistoryEntry, number>;
  /** The calls to clear, from an event on: what is dropped need not be cleared. */
  callsFrom(seq: number): readonly string[];
}

/** Chooses the results to leave out: all that are older than the newest `protect` tokens of results. */
function planClearing(
  entries: readonly HistoryEntry[],
  protect: number,
  { keepsResults = () => false }: TrimOptions,
): Clearing {
  const found: { readonly seq: number; readonly callId: string }[] = [];
  const gains = new Map<HistoryEntry, number>();
  let newest = 0;
  for (const entry of entries.toReversed()) {
    if (entry.message.role !== "tool") continue;
    const isOld = newest > protect;
    for (const part of entry.message.parts) {
      const gain = tokensOf(part) - clearedTokens;
      newest += tokensOf(part);
      if (!isOld || gain <= 0 || keepsResults(part.name)) continue;
      found.push({ seq: entry.seq, callId: part.callId });
      gains.set(entry, (gains.get(entry) ?? 0) + gain);
    }
  }
  const gain = [...gains.values()].reduce((sum, one) => sum + one, 0);
  const callsFrom = (from: number): readonly string[] =>
    found.filter(({ seq }) => seq >= from).map(({ callId }) => callId);
  return { gain, gains, callsFrom };
}

function tokensOf(part: ToolResultPart): number {
  return estimateTokens({ role: "tool", parts: [part] });
}

/** Finds the turn to begin with so that at least `excess` tokens fewer are sent; the last turn when that is not enough. */
function planDrop(
  entries: readonly HistoryEntry[],
  excess: number,
  gains: ReadonlyMap<HistoryEntry, number>,
): Omit<Trim, "clearedCalls"> | undefined {
  let dropped = 0;
  let drop: Omit<Trim, "clearedCalls"> | undefined;
  for (const [index, entry] of entries.entries()) {
    if (index > 0 && entry.startsTurn) {
      drop = { fromSeq: entry.seq, droppedMessages: index };
      if (dropped >= excess) return drop;
    }
    dropped += entry.tokens - (gains.get(entry) ?? 0);
  }
  return drop;
}

import type { Transcript, TranscriptExpectation, TranscriptTurn } from "./transcript.ts";
import type { WireRequest } from "./wire-request.ts";

/** The turn that answers a request, or why there is none. */
export type ChosenTurn =
  | { readonly turn: TranscriptTurn; readonly path: string }
  | { readonly turn: undefined; readonly reason: string };

/** Finds the turn for a request by its first user message and the number of answers it holds. */
export function chooseTurn(transcript: Transcript, request: WireRequest): ChosenTurn {
  const number = (transcript.conversations ?? []).findIndex(({ match }) => request.firstUser.includes(match));
  const turns = transcript.conversations?.[number]?.turns ?? transcript.turns;
  const name = number === -1 ? "turns" : `conversations[${number}].turns`;
  if (turns === undefined) {
    return {
      turn: undefined,
      reason: `No conversation of the transcript matches ${quote(request.firstUser)}.`,
    };
  }
  const path = `${name}[${request.assistantMessages}]`;
  const turn = turns[request.assistantMessages];
  if (turn === undefined) {
    return {
      turn: undefined,
      reason: `The transcript's ${name} has ${turns.length} turns, and this request asks for number ${request.assistantMessages + 1}.`,
    };
  }
  const reason = turn.expect === undefined ? undefined : unmet(turn.expect, request);
  return reason === undefined ? { turn, path } : { turn: undefined, reason: `${path}.expect.${reason}` };
}

function unmet(expect: TranscriptExpectation, request: WireRequest): string | undefined {
  const texts = [
    ["lastToolResultContains", expect.lastToolResultContains, request.lastToolResults],
    ["lastUserContains", expect.lastUserContains, request.lastUser],
    ["systemContains", expect.systemContains, request.system],
  ] as const;
  for (const [name, wanted, found] of texts) {
    if (wanted !== undefined && !found.includes(wanted)) {
      return `${name} is ${quote(wanted)}, but the request has ${quote(found)}.`;
    }
  }
  const missing = expect.tools?.find((tool) => !request.tools.includes(tool));
  if (missing === undefined) return undefined;
  return `tools has ${quote(missing)}, but the request offers ${request.tools.join(", ") || "none"}.`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 400)}…` : text);
}

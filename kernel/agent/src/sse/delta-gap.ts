import type { Json, JsonObject } from "@tau/core";

/** What may differ from one event to the next besides its text. */
export interface DeltaGap {
  /** Finds it in an event: the source of a regular expression that matches no more than the gap. */
  readonly place: string;
  /** What it holds while its place is proven: something that the event cannot have had. */
  readonly filling: string;
  /** The offset behind it, -1 if it is not at `offset`. */
  readonly behind: (source: string, offset: number) => number;
  /** Whether all `count` gaps of this kind, filled, came out where they must. */
  readonly isProven: (event: JsonObject, count: number) => boolean;
}

/** Where the values of gaps must come out of a parsed event. */
type Values = (event: JsonObject) => readonly (Json | undefined)[];

/** A whole number in one of the fields. */
export function numberGap(fields: readonly string[], values: Values): DeltaGap {
  const filling = "770077007700";
  return {
    place: `(?<="(?:${fields.join("|")})": ?)(?:0|[1-9]\\d*)(?=[,}])`,
    filling,
    behind: behindNumber,
    isProven: (event, count) => countOf(values(event), Number(filling)) === count,
  };
}

/** A text of letters and digits in one of the fields, and of the marks that a time has. */
export function wordGap(fields: readonly string[], values: Values): DeltaGap {
  const filling = "tau0TAU";
  return {
    place: `(?<="(?:${fields.join("|")})": ?")[\\w:.+-]*(?=")`,
    filling,
    behind: behindWord,
    isProven: (event, count) => countOf(values(event), filling) === count,
  };
}

/** Spaces before the last brace. */
const paddingGap: DeltaGap = {
  place: String.raw`(?<! ) *(?=\}\s*$)`,
  filling: "",
  behind(source, offset) {
    let at = offset;
    while (source.charCodeAt(at) === 0x20) at++;
    return at;
  },
  isProven: () => true,
};

/** Padding and counters of OpenAI and its imitators, which nobody reads. */
export const openAiGaps: readonly DeltaGap[] = [
  numberGap(["sequence_number"], (event) => [event["sequence_number"]]),
  // The second is Mistral's.
  wordGap(["obfuscation", "p"], (event) => [event["obfuscation"], event["p"]]),
  paddingGap,
];

function countOf(values: readonly (Json | undefined)[], wanted: Json): number {
  return values.filter((value) => value === wanted).length;
}

/** JSON has no numbers with leading zeros. */
function behindNumber(source: string, offset: number): number {
  let at = offset;
  while (isDigit(source.charCodeAt(at))) at++;
  return at === offset || (at > offset + 1 && source.charCodeAt(offset) === 0x30) ? -1 : at;
}

function behindWord(source: string, offset: number): number {
  let at = offset;
  while (isOfWord(source.charCodeAt(at))) at++;
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isOfWord(code: number): boolean {
  if (code >= 0x61) return code <= 0x7a;
  // Digits and the colon follow each other; the rest are the marks + - . and _
  return (
    (code >= 0x30 && code <= 0x3a) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f
  );
}

import { lookBehind } from "@tau/core/secrets";
import type { CompiledPatterns, Finding } from "@tau/core/secrets";

/** More is not held back of what may be a secret: then it is one, or it never was. */
const maxHeld = 4096;

/** What stands where a secret was. */
function markerOf(name: string): string {
  return `[redacted:${name}]`;
}

/**
 * Cuts secrets out of a text that arrives in pieces: what may be the beginning of one is held back until that is
 * decided. All pieces together are the text redacted as a whole.
 */
export class TextRedactor {
  readonly #patterns: CompiledPatterns;
  /** Ends with the characters before `#held` that patterns look back at. */
  #before = "";
  #held = "";
  /** Goes on a secret that was too long to hold. */
  #swallowed: RegExp | undefined;
  /** Secrets cut out so far. */
  findings = 0;

  constructor(patterns: CompiledPatterns) {
    this.#patterns = patterns;
  }

  /** Takes the next piece and gives what is decided. */
  push(piece: string): string {
    const text = this.#swallowed === undefined ? piece : this.#swallow(this.#swallowed, piece);
    if (text === "") return "";
    return this.passes(text) ? text : this.#decide(text, false);
  }

  /** Takes a piece that is handed on as it is, and tells so; takes nothing of any other. */
  passes(piece: string): boolean {
    if (this.#held !== "" || this.#swallowed !== undefined || !this.#patterns.isPlain(piece)) return false;
    this.#before = piece.length < lookBehind ? (this.#before + piece).slice(-lookBehind) : piece;
    return true;
  }

  /** Whether nothing of the text so far can matter to what comes. */
  get isEmpty(): boolean {
    return this.#held === "" && this.#before === "" && this.#swallowed === undefined;
  }

  /** Something else comes in between. What may be the beginning of a secret waits on; else the text begins anew behind it. */
  pause(): void {
    if (this.#held === "" && this.#swallowed === undefined) this.#before = "";
  }

  /** Ends the text. */
  end(): string {
    const rest = this.#held === "" ? "" : this.#decide("", true);
    this.#before = "";
    this.#swallowed = undefined;
    return rest;
  }

  #decide(piece: string, isEnd: boolean): string {
    const before = this.#before.slice(-lookBehind);
    const from = before.length;
    const text = before + this.#held + piece;
    const findings = this.#patterns.find(text, from);
    let decided = isEnd ? text.length : this.#patterns.openEnd(text, from);
    const across = findings.find(({ start, end }) => start < decided && end > decided);
    if (across !== undefined) decided = across.start;
    if (text.length - decided > maxHeld) {
      // A finding that is longer than anything that is held is told now, and its end is swallowed.
      const open = findings.findLast(({ end }) => end === text.length);
      this.#swallowed = open && this.#patterns.bodyOf(open.name);
      decided = text.length;
    }
    if (findings.length === 0 && decided === text.length && from + piece.length === text.length) {
      this.#before = text.slice(-lookBehind);
      return piece;
    }
    const out = this.#withMarkers(text, findings, { from, to: decided });
    this.#before = text.slice(Math.max(0, decided - lookBehind), decided);
    this.#held = text.slice(decided);
    return out;
  }

  #withMarkers(
    text: string,
    findings: readonly Finding[],
    { from, to }: { readonly from: number; readonly to: number },
  ): string {
    const decided = findings.filter(({ end }) => end <= to);
    this.findings += decided.length;
    return redactFindings(text.slice(0, to), decided).slice(from);
  }

  #swallow(body: RegExp, piece: string): string {
    body.lastIndex = 0;
    const length = body.exec(piece)?.[0].length ?? 0;
    if (length < piece.length) this.#swallowed = undefined;
    return piece.slice(length);
  }
}

/** Redacts a whole text. */
export function redactText(text: string, patterns: CompiledPatterns): string {
  return redactFindings(text, patterns.find(text, 0));
}

/** Puts markers in the place of findings. */
export function redactFindings(text: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return text;
  let out = "";
  let position = 0;
  for (const { start, end, name } of findings) {
    out += text.slice(position, start) + markerOf(name);
    position = end;
  }
  return out + text.slice(position);
}

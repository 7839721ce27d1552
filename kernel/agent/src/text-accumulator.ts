import { grown } from "@tau/core";

const piecesPerBlock = 32;

/**
 * Collects text piece by piece in linear time.
 *
 * Pieces are copied into blocks now and then: a piece of a large string keeps all of it alive, so a
 * plain list would hold every byte the stream ever sent.
 */
export class TextAccumulator {
  // Made when they are needed: most answers have one kind of text and not the others.
  #blocks: string[] | undefined;
  #pieces: string[] | undefined;

  add(piece: string): void {
    let pieces = (this.#pieces ??= []);
    // Without room for more where there may be none: many streams are held open with a few words.
    if (this.#blocks === undefined) this.#pieces = pieces = grown(pieces, piece);
    else pieces.push(piece);
    if (pieces.length < piecesPerBlock) return;
    (this.#blocks ??= []).push(pieces.join(""));
    this.#pieces = undefined;
  }

  get isEmpty(): boolean {
    return this.#blocks === undefined && this.#pieces === undefined;
  }

  toString(): string {
    const pieces = this.#pieces?.join("") ?? "";
    return this.#blocks === undefined ? pieces : this.#blocks.join("") + pieces;
  }
}

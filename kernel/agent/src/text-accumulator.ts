const piecesPerBlock = 32;

/**
 * Collects text piece by piece in linear time.
 *
 * Pieces are copied into blocks now and then: a piece of a large string keeps all of it alive, so a
 * plain list would hold every byte the stream ever sent.
 */
export class TextAccumulator {
  #blocks: string[] = [];
  #pieces: string[] = [];

  add(piece: string): void {
    if (this.#pieces.push(piece) === piecesPerBlock) {
      this.#blocks.push(this.#pieces.join(""));
      this.#pieces = [];
    }
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0 && this.#pieces.length === 0;
  }

  toString(): string {
    return this.#blocks.join("") + this.#pieces.join("");
  }
}

// As many as of a model's calls; see settle-step.ts.
const maxTogether = 16;

/** Lets pure work run together, 16 at most, and any other alone and in order. */
export class CallGate {
  /** Settles when the last work that runs alone has. */
  #alone: Promise<unknown> = Promise.resolve();
  readonly #together = new Set<Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Runs `work` when its turn has come. Rejects with what it throws. */
  run<T>(isPure: boolean, work: () => Promise<T>): Promise<T> {
    return isPure ? this.#runTogether(work) : this.#runAlone(work);
  }

  #runTogether<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#alone.then(() => this.#inTurn(work));
    const settled = running.then(nothing, nothing);
    // At once: what comes after it and runs alone waits for it, also while it waits itself.
    this.#together.add(settled);
    settled.then(() => this.#together.delete(settled), nothing);
    return running;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= maxTogether) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // Its place goes to the next one.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #runAlone<T>(work: () => Promise<T>): Promise<T> {
    const running = Promise.all([this.#alone, ...this.#together]).then(work);
    this.#alone = running.then(nothing, nothing);
    return running;
  }
}

function nothing(): void {
  // What became of the work is for whoever asked for it.
}

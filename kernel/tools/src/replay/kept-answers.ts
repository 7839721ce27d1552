import type { ToolRun } from "../run-call.ts";

/** Limits of {@link KeptAnswers}. */
export interface KeptAnswersOptions {
  /** Bytes of all answers together, as JSON. */
  readonly maxBytes: number;
  /** Milliseconds since some fixed moment. */
  readonly now: () => number;
}

interface Kept {
  readonly run: ToolRun;
  readonly bytes: number;
  readonly until: number;
}

/** Answers by key, each for a time; of more than fit, those that were asked for longest ago go. */
export class KeptAnswers {
  readonly #options: KeptAnswersOptions;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(options: KeptAnswersOptions) {
    this.#options = options;
  }

  get(key: string): ToolRun | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#drop(key);
    if (kept.until <= this.#options.now()) return undefined;
    this.#put(key, kept);
    return kept.run;
  }

  /** Keeps a success. An answer that takes more than an eighth of the room is not kept, nor one that spilled artifacts. */
  set(key: string, run: ToolRun, ttlMs: number): void {
    if (run.result.isError || run.artifacts.length > 0) return;
    const bytes = Buffer.byteLength(JSON.stringify([run.result, run.details])) + Buffer.byteLength(key);
    if (bytes > this.#options.maxBytes / 8) return;
    this.#drop(key);
    this.#put(key, { run, bytes, until: this.#options.now() + ttlMs });
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#options.maxBytes) break;
      this.#drop(oldest);
    }
  }

  #put(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#bytes += kept.bytes;
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

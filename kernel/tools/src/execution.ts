import { offAbort, onAbort, TauError } from "@tau/core";

import type { Tool, ToolContext, ToolOutput } from "./tool.ts";

/** One execution of a tool: stopped by its signal on timeout and on cancel, and given up `graceMs` later. */
export class Execution {
  readonly #tool: Tool;
  readonly #context: ToolContext;
  readonly #graceMs: number;
  readonly #controller = new AbortController();
  readonly #cancel = (): void => this.#stop(this.#context.signal.reason);
  #running = true;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds that are left, and since when they run. */
  #leftMs: number;
  #runsSince: number | undefined;
  /** Questions that a person has not answered yet. */
  #asking = 0;
  #giveUp: (reason: unknown) => void = () => undefined;

  constructor(tool: Tool, context: ToolContext, graceMs: number) {
    this.#tool = tool;
    this.#context = context;
    this.#graceMs = graceMs;
    this.#leftMs = tool.timeoutMs;
  }

  /** Why the tool was stopped, if it was: it usually throws something of its own then. */
  get stopReason(): unknown {
    const { aborted, reason } = this.#controller.signal;
    return aborted ? reason : undefined;
  }

  /** Runs the tool, once. Rejects with what it throws, or with why it was stopped when it does not end by itself. */
  run(input: unknown): Promise<ToolOutput> {
    onAbort(this.#context.signal, this.#cancel);
    // No timer fires before the tool first waits for something; most are done by then.
    process.nextTick(armTimeout, this);
    const { ask } = this.#context;
    const context: ToolContext = {
      ...this.#context,
      signal: this.#controller.signal,
      ...(ask === undefined
        ? {}
        : { ask: (question, signal) => this.#whileAsking(() => ask(question, signal)) }),
      progress: (text) => {
        if (this.#running) this.#context.progress(text);
      },
    };
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#tool.execute(input, context).then(resolve, reject);
    });
  }

  /** Nobody waits for the tool any more. */
  end(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    offAbort(this.#context.signal, this.#cancel);
  }

  /** Lets the tool's time begin to run. */
  armTimeout(): void {
    if (!this.#running || this.#controller.signal.aborted || this.#asking > 0) return;
    const { name, timeoutMs } = this.#tool;
    this.#runsSince = performance.now();
    this.#timer = setTimeout(() => this.#stop(timeoutError(name, timeoutMs)), this.#leftMs);
  }

  /** Lets the tool's time stand still: a person may take days. */
  async #whileAsking<T>(ask: () => Promise<T>): Promise<T> {
    this.#asking += 1;
    if (this.#asking === 1 && this.#runsSince !== undefined && !this.#controller.signal.aborted) {
      clearTimeout(this.#timer);
      this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#runsSince));
      this.#runsSince = undefined;
    }
    try {
      return await ask();
    } finally {
      this.#asking -= 1;
      this.armTimeout();
    }
  }

  #stop(reason: unknown): void {
    if (this.#controller.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#controller.abort(reason);
    this.#timer = setTimeout(() => this.#giveUp(reason), this.#graceMs);
  }
}

function armTimeout(execution: Execution): void {
  execution.armTimeout();
}

function timeoutError(tool: string, timeoutMs: number): TauError {
  return new TauError(
    "tool.timeout",
    `${tool} took longer than ${timeoutMs} ms and was stopped. Ask it for less, or split the work.`,
  );
}

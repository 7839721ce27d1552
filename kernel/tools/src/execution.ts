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
  #giveUp: (reason: unknown) => void = () => undefined;

  constructor(tool: Tool, context: ToolContext, graceMs: number) {
    this.#tool = tool;
    this.#context = context;
    this.#graceMs = graceMs;
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
    const context: ToolContext = {
      ...this.#context,
      signal: this.#controller.signal,
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
    if (!this.#running || this.#controller.signal.aborted) return;
    const { name, timeoutMs } = this.#tool;
    this.#timer = setTimeout(() => this.#stop(timeoutError(name, timeoutMs)), timeoutMs);
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

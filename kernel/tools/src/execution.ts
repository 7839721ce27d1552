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

  /** Runs the tool, once. Throws what it throws, or else why it was stopped. */
  async run(input: unknown): Promise<ToolOutput> {
    const { signal } = this.#context;
    onAbort(signal, this.#cancel);
    // No timer fires before the tool first waits for something; most are done by then.
    process.nextTick(armTimeout, this);
    try {
      const output = await this.#output(input);
      signal.throwIfAborted();
      return output;
    } catch (error) {
      // A tool that was stopped usually throws something of its own; the timeout is what the model must hear.
      throw this.#controller.signal.aborted ? this.#controller.signal.reason : error;
    } finally {
      this.#running = false;
      clearTimeout(this.#timer);
      offAbort(signal, this.#cancel);
    }
  }

  /** Lets the tool's time begin to run. */
  armTimeout(): void {
    if (!this.#running || this.#controller.signal.aborted) return;
    const { name, timeoutMs } = this.#tool;
    this.#timer = setTimeout(() => this.#stop(timeoutError(name, timeoutMs)), timeoutMs);
  }

  #output(input: unknown): Promise<ToolOutput> {
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

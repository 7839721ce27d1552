import { TauError } from "@tau/core";

import { readOnlyEnvironment } from "./read-only-environment.ts";
import type { Tool, ToolContext, ToolOutput } from "./tool.ts";

/** What an {@link Execution} needs to know beside its tool and context. */
export interface ExecutionOptions {
  /** Milliseconds that a stopped tool gets to end by itself. */
  readonly graceMs: number;
  /** Several callers wait for it: none of their signals is the call's, which ends with the execution. */
  readonly isShared?: boolean;
}

/** What an {@link Execution} runs with. */
export interface ExecutionRequest {
  readonly context: ToolContext;
  /** Gets what the tool shows, in place of the context's own. */
  readonly progress?: ToolContext["progress"];
}

/** One execution of a tool: stopped by its signal on timeout and on cancel, and given up `graceMs` later. */
export class Execution {
  readonly #tool: Tool;
  readonly #request: ExecutionRequest;
  readonly #options: ExecutionOptions;
  readonly #controller = new AbortController();
  #cancelled: { readonly reason: unknown } | undefined;
  #running = true;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds that are left, and since when they run. */
  #leftMs: number;
  #runsSince: number | undefined;
  /** Questions that a person has not answered yet. */
  #asking = 0;
  #giveUp: ((reason: unknown) => void) | undefined;

  constructor(tool: Tool, request: ExecutionRequest, options: ExecutionOptions) {
    this.#tool = tool;
    this.#request = request;
    this.#options = options;
    this.#leftMs = tool.timeoutMs;
  }

  /** Why the tool was stopped, if it was: it usually throws something of its own then. */
  get stopReason(): unknown {
    const { aborted, reason } = this.#controller.signal;
    return aborted ? reason : undefined;
  }

  /** Runs the tool, once. Rejects with what it throws, or with why it was stopped when it does not end by itself. */
  run(input: unknown): Promise<ToolOutput> {
    // No timer fires before the tool first waits for something; most are done by then.
    process.nextTick(armTimeout, this);
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#tool.execute(input, this.#toolContext()).then(resolve, reject);
    });
  }

  /** Stops the tool because nobody wants its answer any more. The first reason counts. */
  cancel(reason: unknown): void {
    this.#cancelled ??= { reason };
    if (this.#running) this.#stop(reason);
  }

  /** Throws the reason of the first {@link cancel}. */
  throwIfCancelled(): void {
    if (this.#cancelled !== undefined) throw this.#cancelled.reason;
  }

  /** Nobody waits for the tool any more. */
  end(): void {
    this.#running = false;
    clearTimeout(this.#timer);
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

  #toolContext(): ToolContext {
    const { signal } = this.#controller;
    const { context, progress } = this.#request;
    const { call, environment, ask } = context;
    return {
      ...context,
      call: this.#options.isShared === true ? { ...call, signal } : call,
      environment: this.#tool.sideEffect === "pure" ? readOnlyEnvironment(environment) : environment,
      signal,
      ...(ask === undefined
        ? {}
        : { ask: (question, asking) => this.#whileAsking(() => ask(question, asking)) }),
      progress: (text) => {
        if (!this.#running) return;
        if (progress === undefined) context.progress(text);
        else progress(text);
      },
    };
  }

  #stop(reason: unknown): void {
    if (this.#controller.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#controller.abort(reason);
    this.#timer = setTimeout(() => this.#giveUp?.(reason), this.#options.graceMs);
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

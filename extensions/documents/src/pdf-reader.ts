import { Worker } from "node:worker_threads";

import { TauError } from "@tau/core";
import type { DocumentReader } from "@tau/tools";

import { isPdfAnswer } from "./pdf-message.ts";
import type { PdfAnswer, PdfRequest } from "./pdf-message.ts";
import { watchMemory } from "./watch-memory.ts";

/** Options of {@link createPdfReader}. */
export interface PdfReaderOptions {
  /** Milliseconds that reading may take. Default 20,000. */
  readonly timeoutMs?: number;
  /** Bytes of memory that reading may take, checked twenty times a second. Default 512 MB. */
  readonly maxMemoryBytes?: number;
}

const defaults = { timeoutMs: 20_000, maxMemoryBytes: 512_000_000 } as const;

/**
 * Makes the {@link DocumentReader} of PDF documents: in a thread of its own that ends with the time and the memory that it gets.
 *
 * `read` throws `document.encrypted`, `document.damaged`, `document.too_complex`, and the signal's reason.
 */
export function createPdfReader(options: PdfReaderOptions = {}): DocumentReader {
  const bounds = { ...defaults, ...options };
  return {
    mediaTypes: ["application/pdf"],
    async read(request, signal) {
      signal.throwIfAborted();
      const answer = await readInThread(request, bounds, signal);
      signal.throwIfAborted();
      if (answer === undefined) {
        const { timeoutMs, maxMemoryBytes } = bounds;
        const limits = `${timeoutMs / 1000} seconds and ${Math.round(maxMemoryBytes / 1_000_000)} MB`;
        throw new TauError(
          "document.too_complex",
          `The document cannot be read within ${limits}. Ask for fewer pages, or look at it with a program.`,
        );
      }
      if (!("failure" in answer)) return answer;
      throw answer.failure === "encrypted"
        ? new TauError(
            "document.encrypted",
            "The document is locked with a password. Unlock a copy of it first.",
          )
        : new TauError(
            "document.damaged",
            "The document is damaged, or is no PDF. Get it again, or try to repair it with a program such as qpdf.",
          );
    },
  };
}

/** Undefined when the thread ended without an answer: by its bounds, or by what it was given. */
async function readInThread(
  { data, firstPage, lastPage, maxChars }: PdfRequest,
  { timeoutMs, maxMemoryBytes }: Required<PdfReaderOptions>,
  signal: AbortSignal,
): Promise<PdfAnswer | undefined> {
  // The same file with another ending: as written here, or as built.
  const file = new URL(`./pdf-thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  const worker = new Worker(file, {
    name: "tau-pdf",
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(maxMemoryBytes / 1_000_000) },
    stdout: true,
    stderr: true,
  });
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  using memory = watchMemory(worker, maxMemoryBytes);
  try {
    return await new Promise<PdfAnswer | undefined>((resolve) => {
      const giveUp = (): void => resolve(undefined);
      worker.once("message", (message: unknown) => resolve(isPdfAnswer(message) ? message : undefined));
      worker.once("error", giveUp);
      worker.once("exit", giveUp);
      memory.exceeded.addEventListener("abort", giveUp, { once: true });
      over.addEventListener("abort", giveUp, { once: true });
      worker.postMessage({ data: Uint8Array.from(data), firstPage, lastPage, maxChars });
    });
  } finally {
    await worker.terminate();
  }
}

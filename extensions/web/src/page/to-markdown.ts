import { Worker } from "node:worker_threads";

/** A page in words. */
export interface Page {
  readonly title: string;
  readonly markdown: string;
}

/** What {@link toMarkdown} is to turn. */
export interface PageSource {
  readonly html: string;
  /** What its links are relative to. */
  readonly url: string;
  /** Milliseconds that it may take. Default 15,000. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 15_000;
const maxChars = 3_000_000;
/** Of the thread, in MB: a page of the largest size needs a fifth of it. */
const memoryMb = 512;

/**
 * Turns HTML into Markdown: its article when it has one and that is found in time, else all of it. Links become absolute.
 *
 * Answers undefined when the page cannot be parsed within the time and 512 MB. Throws only the signal's reason.
 */
export async function toMarkdown(source: PageSource, signal: AbortSignal): Promise<Page | undefined> {
  const { html, url, timeoutMs = defaultTimeoutMs } = source;
  signal.throwIfAborted();
  // The same file with another ending: as written here, or as built.
  const file = new URL(`./page-thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  const worker = new Worker(file, {
    name: "tau-page",
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    stdout: true,
    stderr: true,
  });
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let page: Page | undefined;
  try {
    await new Promise<void>((resolve) => {
      worker.on("message", (message: unknown) => {
        const said = toPage(message);
        page = said ?? page;
        if (said?.last !== false) resolve();
      });
      worker.once("error", () => resolve());
      worker.once("exit", () => resolve());
      over.addEventListener("abort", () => resolve(), { once: true });
      worker.postMessage({ html: html.slice(0, maxChars), url });
    });
  } finally {
    await worker.terminate();
  }
  signal.throwIfAborted();
  return page === undefined ? undefined : { title: page.title, markdown: page.markdown };
}

function toPage(message: unknown): (Page & { readonly last: boolean }) | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { title, markdown, last }: Partial<Record<"title" | "markdown" | "last", unknown>> = message;
  if (typeof title !== "string" || typeof markdown !== "string") return undefined;
  return { title, markdown, last: last === true };
}

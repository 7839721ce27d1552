import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { TauError } from "@tau/core";
import { openDirectory } from "@tau/tools";
import type { OwnedEnvironment, RunningProcess, ToolContext } from "@tau/tools";
import type { Browser, BrowserContext } from "playwright-core";

import type { BrowserOptions } from "./browser-options.ts";
import { chromiumFlags } from "./chromium-flags.ts";
import { createDownloads } from "./downloads.ts";
import type { Downloads } from "./downloads.ts";
import { findChromium } from "./find-chromium.ts";
import { guardNavigation } from "./guard-navigation.ts";
import type { NavigationGuard } from "./guard-navigation.ts";
import { createPipeTransport } from "./pipe-transport.ts";
import type { PipeTransport } from "./pipe-transport.ts";
import { untilAborted } from "./until-aborted.ts";

/** A browser that runs. Disposing of it ends its processes and removes what it wrote. */
export interface Chromium extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly downloads: Downloads;
  readonly navigation: NavigationGuard;
  /** Aborts when it has ended, with the `browser.crashed` that says so. */
  readonly ended: AbortSignal;
  /** To be called before each call of a tool. */
  beginCall(): void;
}

/** The pipe goes through descriptors 3 and 4; environments have only the standard ones. */
const launcher = 'exec "$0" "$@" 3<&0 4>&1 1>&2 0</dev/null';
const startMs = 30_000;

/** Starts a browser with an empty profile of its own. @throws TauError `browser.not_found`, `browser.unconfined`, `browser.not_started`, and what the environment throws */
export async function openChromium(
  options: BrowserOptions,
  { call: { tenant, sessionId } }: Pick<ToolContext, "call">,
  signal: AbortSignal,
): Promise<Chromium> {
  const program = findChromium(options.program);
  await using stack = new AsyncDisposableStack();
  const workspace = await realpath(await mkdtemp(join(options.folder ?? tmpdir(), "tau-browser-"))); // mode 0700
  stack.defer(async () => await rm(workspace, { recursive: true, force: true, maxRetries: 3 }));
  const order = { tenant, workspace, signal, ...(sessionId === undefined ? {} : { sessionId }) };
  const environment = stack.use(await options.openEnvironment(order));
  assertConfined(environment, options);
  const ended = new AbortController();
  const end = (reason: string): void => ended.abort(new TauError("browser.crashed", reason));
  const folder = join(workspace, "downloads");
  const directory = stack.use(await openDirectory(folder, true));
  const transport = createPipeTransport(() => end("The pages told far more than anybody can use."));
  const complaint: string[] = [];
  const process = await startProcess(environment, { program, workspace, transport, complaint });
  stack.defer(async () => await process.kill());
  process.exit.then(
    () => end("The browser ended."),
    () => end("The browser ended."),
  );
  ended.signal.addEventListener("abort", () => transport.ended(), { once: true });
  const browser = await connect(transport, ended.signal, complaint);
  const [context = await browser.newContext()] = browser.contexts();
  const navigation = await guardNavigation(browser);
  const downloads = await createDownloads(browser, { folder, directory, maxBytes: options.maxDownloadBytes });
  const kept = stack.move();
  return {
    context,
    downloads,
    navigation,
    ended: ended.signal,
    beginCall: transport.beginCall,
    async [Symbol.asyncDispose]() {
      end("The browser was closed.");
      await kept.disposeAsync();
    },
  };
}

function assertConfined({ info }: OwnedEnvironment, { allowUnconfined = false }: BrowserOptions): void {
  if (info.enforced || allowUnconfined) return;
  throw new TauError(
    "browser.unconfined",
    `A browser runs what strangers wrote, and ${info.kind} keeps it from nothing. Use the jail.`,
  );
}

interface StartOptions {
  readonly program: string;
  readonly workspace: string;
  readonly transport: PipeTransport;
  /** Gets what the browser writes to standard error in its first moments. */
  readonly complaint: string[];
}

const maxComplaints = 50;

async function startProcess(
  environment: OwnedEnvironment,
  { program, workspace, transport, complaint }: StartOptions,
): Promise<RunningProcess> {
  const ownSandbox = !environment.info.enforced && process.getuid?.() !== 0;
  const started = await environment.start(
    {
      argv: ["/bin/sh", "-c", launcher, program, ...chromiumFlags(join(workspace, "profile"), ownSandbox)],
      env: { HOME: workspace, TMPDIR: workspace, XDG_CONFIG_HOME: workspace, XDG_CACHE_HOME: workspace },
      onOutput(chunk, stream) {
        if (stream === "stdout") transport.take(chunk);
        else if (complaint.length < maxComplaints) complaint.push(Buffer.from(chunk).toString());
      },
    },
    // Not the call's: the browser outlives it.
    new AbortController().signal,
  );
  transport.connect(started);
  return started;
}

async function connect(
  transport: PipeTransport,
  ended: AbortSignal,
  complaint: readonly string[],
): Promise<Browser> {
  // Half a second and 7 MB of code, for those who open a page.
  const { chromium } = await import("playwright-core");
  try {
    return await Promise.race([
      chromium.connectOverCDP(transport, { timeout: startMs }),
      untilAborted(ended),
    ]);
  } catch (error) {
    const why = ended.aborted ? "it ended at once" : "it does not answer";
    throw new TauError("browser.not_started", `The browser did not start: ${why}. tau doctor says more.`, {
      cause: new Error(complaint.join(""), { cause: error }),
    });
  }
}

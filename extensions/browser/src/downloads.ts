import { constants } from "node:fs";
import { open, readdir, unlink } from "node:fs/promises";

import { TauError } from "@tau/core";
import type { AnchoredDirectory } from "@tau/tools";
import type { Browser, CDPSession } from "playwright-core";

import { browserDefaults } from "./browser-options.ts";

/** What was downloaded. */
export interface Download {
  /** As the host suggests it. */
  readonly name: string;
  readonly url: string;
  readonly data: Uint8Array;
}

/** The downloads of one browser: refused, but for the one that a call asks for. */
export interface Downloads {
  /** Carries out `act`, which makes the page begin a download, and waits for its end. @throws TauError `browser.download_failed` */
  take(act: () => Promise<void>, signal: AbortSignal): Promise<Download>;
}

const beginMs = 15_000;
const endMs = 90_000;

/** Where downloads go. */
interface DownloadPlace {
  /** Its path, for the browser. */
  readonly folder: string;
  /** The same folder, opened before the browser began: a browser that a page took over may put anything in its place. */
  readonly directory: AnchoredDirectory;
  readonly maxBytes?: number | undefined;
}

/** Makes the {@link Downloads} of a browser. */
export async function createDownloads(
  browser: Browser,
  { folder, directory, maxBytes = browserDefaults.maxDownloadBytes }: DownloadPlace,
): Promise<Downloads> {
  const session = await browser.newBrowserCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "deny" });
  return {
    async take(act, signal) {
      await session.send("Browser.setDownloadBehavior", {
        behavior: "allowAndName",
        downloadPath: folder,
        eventsEnabled: true,
      });
      try {
        const following = followDownload(session, maxBytes, signal);
        const [began] = await Promise.all([following, act().catch(leavesPage)]);
        const data = await readFile(directory.entry(began.guid), maxBytes);
        return { name: began.name, url: began.url, data };
      } finally {
        await session
          .send("Browser.setDownloadBehavior", { behavior: "deny", eventsEnabled: false })
          .catch(() => undefined);
        await emptyFolder(directory);
      }
    },
  };
}

/** Going to an address that is downloaded never arrives there. */
function leavesPage(error: unknown): void {
  if (!(error instanceof Error) || !/Download is starting|ERR_ABORTED/u.test(error.message)) throw error;
}

interface Began {
  readonly guid: string;
  readonly name: string;
  readonly url: string;
}

/** Settles when the first download has ended. Others that a page begins beside it are cancelled. */
async function followDownload(session: CDPSession, maxBytes: number, signal: AbortSignal): Promise<Began> {
  let began: Began | undefined;
  const cancel = (guid: string): void => {
    session.send("Browser.cancelDownload", { guid }).catch(() => undefined);
  };
  const ended = Promise.withResolvers<Began>();
  const fail = (reason: string): void => ended.reject(new TauError("browser.download_failed", reason));
  const onBegin = ({ guid, url, suggestedFilename }: BeginEvent): void => {
    if (began !== undefined) cancel(guid);
    else began = { guid, url, name: suggestedFilename };
  };
  const onProgress = ({ guid, receivedBytes, totalBytes, state }: ProgressEvent): void => {
    if (began?.guid !== guid) return;
    if (Math.max(receivedBytes, totalBytes) > maxBytes) {
      cancel(guid);
      fail(`The download is larger than ${maxBytes} bytes.`);
    } else if (state === "completed") ended.resolve(began);
    else if (state === "canceled") fail("The download broke off.");
  };
  session.on("Browser.downloadWillBegin", onBegin);
  session.on("Browser.downloadProgress", onProgress);
  const late = setTimeout(() => (began === undefined ? fail("No download began.") : undefined), beginMs);
  const tooLate = setTimeout(() => fail("The download took too long."), endMs);
  const stop = (): void => ended.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await ended.promise;
  } finally {
    clearTimeout(late);
    clearTimeout(tooLate);
    signal.removeEventListener("abort", stop);
    session.off("Browser.downloadWillBegin", onBegin);
    session.off("Browser.downloadProgress", onProgress);
    if (began !== undefined) cancel(began.guid);
  }
}

interface BeginEvent {
  readonly guid: string;
  readonly url: string;
  readonly suggestedFilename: string;
}

interface ProgressEvent {
  readonly guid: string;
  readonly receivedBytes: number;
  readonly totalBytes: number;
  readonly state: string;
}

/** The browser may have put anything in the file's place: a link is not followed, and its size is looked at again. */
async function readFile(path: string, maxBytes: number): Promise<Uint8Array> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stat = await file.stat();
  if (stat.isFile() && stat.size <= maxBytes) return await file.readFile();
  throw new TauError("browser.download_failed", "The download is no file of the size that it was to have.");
}

/** Files only, by their names in the folder itself: who follows a path into folders may be led out of them. The rest ends with the browser. */
async function emptyFolder(directory: AnchoredDirectory): Promise<void> {
  for (const name of await readdir(directory.entry(".")).catch(() => []))
    await unlink(directory.entry(name)).catch(() => undefined);
}

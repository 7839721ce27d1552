import type { OwnedEnvironment } from "@tau/tools";

/** Whose browser is to be opened. */
export interface BrowserOrder {
  readonly tenant: string;
  readonly sessionId?: string;
  /**
   * An empty folder for the browser's profile and its downloads: the environment's workspace. It is removed when the
   * browser has ended.
   */
  readonly workspace: string;
  readonly signal: AbortSignal;
}

/** Options of `createBrowser`. */
export interface BrowserOptions {
  /**
   * Opens what a browser runs in: a jail that lets it write its workspace alone, make unix sockets, and reach through a gate
   * what it may reach. The browser disposes of it.
   */
  readonly openEnvironment: (order: BrowserOrder) => Promise<OwnedEnvironment>;
  /** Absolute; where browsers get their folders. Default: this machine's folder for temporary files. */
  readonly folder?: string;
  /** Path of Chromium. Default: what `findChromium` finds. */
  readonly program?: string;
  /** Lets it run where nothing is enforced: for tests, and for machines that are a sandbox themselves. Default false. */
  readonly allowUnconfined?: boolean;
  /** Adds the tool that runs a model's JavaScript in pages. Default false. */
  readonly scripts?: boolean;
  /** Milliseconds without a call after which the browser ends. Default 300,000. */
  readonly idleMs?: number;
  /** Milliseconds that a page may take to load. Default 30,000. */
  readonly loadMs?: number;
  /** Milliseconds that a page may take to answer, and an element to do as it is asked. Default 10,000. */
  readonly answerMs?: number;
  /** Bytes of one download. Default 50 MB. */
  readonly maxDownloadBytes?: number;
}

/** Tabs of one browser; what a page opens beyond them is closed at once. */
export const maxTabs = 8;
/** Bytes that the browser may tell about its pages during one call, and after it. */
export const maxPipeBytes = 150_000_000;
/** Bytes of all files of one upload. */
export const maxUploadBytes = 10_000_000;

/** Defaults of {@link BrowserOptions}. */
export const browserDefaults = {
  idleMs: 300_000,
  loadMs: 30_000,
  answerMs: 10_000,
  maxDownloadBytes: 50_000_000,
} as const;

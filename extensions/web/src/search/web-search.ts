/** What to look for. */
export interface WebSearchQuery {
  readonly text: string;
  /** How many results are wanted at most, from 1 to 20. */
  readonly count: number;
}

/** What was found. All of it was written by strangers. */
export interface WebSearchResult {
  readonly title: string;
  readonly url: string;
  readonly snippet: string;
  /** When it was written, as the service says it. */
  readonly published?: string;
}

/**
 * A service that searches the web.
 *
 * Contract:
 * - Answers at most `count` results, the best first, each with an http or https URL.
 * - Throws `web.search_failed` when the service refuses or answers something else.
 */
export interface WebSearch {
  /** For people and for labels, such as `brave`. */
  readonly name: string;
  /** The host that gets the query. */
  readonly host: string;
  search(query: WebSearchQuery, signal: AbortSignal): Promise<readonly WebSearchResult[]>;
}

/** What every adapter needs. */
export interface WebSearchOptions {
  /** Makes the requests; a checked one. */
  readonly fetch: typeof globalThis.fetch;
  /** Where the service answers. Default: its public address. */
  readonly baseUrl?: string;
}

/** What adapters of services with an account need. */
export interface KeyedSearchOptions extends WebSearchOptions {
  /** Asked before each request, so that a changed key counts at once. */
  readonly apiKey: () => string | Promise<string>;
}

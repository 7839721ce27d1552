import { isJsonObject } from "@tau/core";

import { askService, toResults } from "./ask-service.ts";
import type { KeyedSearchOptions, WebSearch } from "./web-search.ts";

/** Searches with Tavily (`POST /search`). */
export function createTavilySearch(options: KeyedSearchOptions): WebSearch {
  const base = new URL(options.baseUrl ?? "https://api.tavily.com");
  return {
    name: "tavily",
    host: base.host,
    async search({ text, count }, signal) {
      const answer = await askService("tavily", options.fetch, new URL("/search", base), {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${await options.apiKey()}` },
        body: JSON.stringify({ query: text, max_results: count, search_depth: "basic" }),
        signal,
      });
      const list = isJsonObject(answer) ? answer["results"] : undefined;
      return toResults(list, count, { snippet: "content", published: "published_date" });
    },
  };
}

import { isJsonObject } from "@tau/core";

import { askService, toResults } from "./ask-service.ts";
import type { KeyedSearchOptions, WebSearch } from "./web-search.ts";

/** Searches with Brave's web search API (`GET /res/v1/web/search`). */
export function createBraveSearch(options: KeyedSearchOptions): WebSearch {
  const base = new URL(options.baseUrl ?? "https://api.search.brave.com");
  return {
    name: "brave",
    host: base.host,
    async search({ text, count }, signal) {
      const url = new URL("/res/v1/web/search", base);
      url.search = new URLSearchParams({
        q: text,
        count: String(count),
        text_decorations: "false",
      }).toString();
      const headers = { accept: "application/json", "x-subscription-token": await options.apiKey() };
      const answer = await askService("brave", options.fetch, url, { headers, signal });
      const web = isJsonObject(answer) ? answer["web"] : undefined;
      const list = web !== undefined && isJsonObject(web) ? web["results"] : undefined;
      return toResults(list, count, { snippet: "description", published: "page_age" });
    },
  };
}

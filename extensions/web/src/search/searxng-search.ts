import { isJsonObject } from "@tau/core";

import { askService, toResults } from "./ask-service.ts";
import type { WebSearch, WebSearchOptions } from "./web-search.ts";

/** Searches with a SearXNG server (`GET /search`), which must have `json` among its formats. */
export function createSearxngSearch(options: WebSearchOptions & { readonly baseUrl: string }): WebSearch {
  const base = new URL(options.baseUrl.endsWith("/") ? options.baseUrl : `${options.baseUrl}/`);
  return {
    name: "searxng",
    host: base.host,
    async search({ text, count }, signal) {
      const url = new URL("search", base);
      url.search = new URLSearchParams({ q: text, format: "json" }).toString();
      const answer = await askService("searxng", options.fetch, url, {
        headers: { accept: "application/json" },
        signal,
      });
      const list = isJsonObject(answer) ? answer["results"] : undefined;
      return toResults(list, count, { snippet: "content", published: "publishedDate" });
    },
  };
}

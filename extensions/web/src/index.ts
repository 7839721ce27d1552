export { webErrorCodes } from "./error-codes.ts";
export { createBraveSearch } from "./search/brave-search.ts";
export { createSearchTool } from "./search/search-tool.ts";
export { createSearxngSearch } from "./search/searxng-search.ts";
export { createTavilySearch } from "./search/tavily-search.ts";
export type {
  KeyedSearchOptions,
  WebSearch,
  WebSearchOptions,
  WebSearchQuery,
  WebSearchResult,
} from "./search/web-search.ts";
export type { WebOptions } from "./web-options.ts";
export { webTools } from "./web-tools.ts";

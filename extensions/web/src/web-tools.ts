import type { Tool } from "@tau/tools";

import { createFetchTool } from "./fetch-tool.ts";
import { createHttpTool } from "./http-tool.ts";
import { createSendRequest } from "./send-request.ts";
import type { WebOptions } from "./web-options.ts";

/** Makes the tools `fetch`, which only looks, and `http`, which sends anything. They share their limits. */
export function webTools(options: WebOptions): readonly Tool[] {
  const send = createSendRequest(options);
  return [createFetchTool(send), createHttpTool(send)];
}

import type { CheckedFetch } from "@tau/egress";
import type { Tool, ToolContext } from "@tau/tools";
import {
  createBraveSearch,
  createSearchTool,
  createSearxngSearch,
  createTavilySearch,
  webTools,
} from "@tau/web";
import type { WebSearch } from "@tau/web";

import { createEgressLog } from "./egress-log.ts";
import { localTenant } from "./local-context.ts";
import { resolveSecret } from "./resolve-secret.ts";
import type { Settings } from "./settings.ts";
import { usageError } from "./usage-error.ts";

/** The tools of the web, and the client that they share. Disposing ends its requests. */
export interface WebAccess extends AsyncDisposable {
  readonly tools: readonly Tool[];
}

/**
 * Makes the tools of the web: their requests go to the hosts that the settings name or, where they name none, to public
 * ones that the rules allow. Nothing is loaded before the first request.
 *
 * @throws TauError `cli.usage`
 */
export function openWebAccess(settings: Settings): WebAccess {
  const { network, egress, home } = settings;
  let opened: Promise<CheckedFetch> | undefined;
  const client = async (): Promise<CheckedFetch> => {
    const { createCheckedFetch } = await import("@tau/egress");
    return createCheckedFetch({
      caller: { tenant: localTenant },
      audit: createEgressLog(home),
      addresses: egress.addresses,
      ...(typeof network === "boolean" ? {} : { hosts: network.hosts }),
    });
  };
  const fetchFor =
    ({ call, idempotencyKey }: ToolContext): typeof globalThis.fetch =>
    async (input, init) => {
      const { tenant, sessionId } = call;
      const caller = {
        tenant,
        commands: [idempotencyKey],
        ...(sessionId === undefined ? {} : { session: sessionId }),
      };
      return await (await (opened ??= client())).fetchFor(caller)(input, init);
    };
  const search = searchOf(
    settings,
    async (input, init) => await (await (opened ??= client())).fetch(input, init),
  );
  return {
    tools: [...webTools({ fetchFor }), ...(search === undefined ? [] : [createSearchTool(search)])],
    async [Symbol.asyncDispose]() {
      await (await opened)?.[Symbol.asyncDispose]();
    },
  };
}

/** The search service that the settings name. */
function searchOf({ web }: Settings, fetch: typeof globalThis.fetch): WebSearch | undefined {
  const { search, api_key: reference, base_url: baseUrl } = web;
  if (search === undefined) return undefined;
  if (search === "searxng") {
    if (baseUrl === undefined)
      throw usageError("web.search is searxng, which needs web.base_url: the address of your server.");
    return createSearxngSearch({ fetch, baseUrl });
  }
  if (reference === undefined)
    throw usageError(`web.search is ${search}, which needs web.api_key: a reference to your key.`);
  const apiKey = async (): Promise<string> =>
    await resolveSecret(reference, "web.api_key", { env: process.env });
  const options = { fetch, apiKey, ...(baseUrl === undefined ? {} : { baseUrl }) };
  return search === "brave" ? createBraveSearch(options) : createTavilySearch(options);
}

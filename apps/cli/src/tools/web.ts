import type { CheckedFetch } from "@tau/egress";
import type { Module, ToolContext } from "@tau/tools";
import {
  createBraveSearch,
  createSearchTool,
  createSearxngSearch,
  createTavilySearch,
  webTools,
} from "@tau/web";
import type { WebSearch } from "@tau/web";

import { createEgressLog } from "../egress-log.ts";
import type { ExtraToolsFile } from "./extra-tools-file.ts";
import { localTenant } from "../local-context.ts";
import { resolveSecret } from "../resolve-secret.ts";
import type { Settings } from "../settings.ts";
import { usageError } from "../usage-error.ts";

/**
 * The tools of the web: their requests go to the hosts that the settings name or, where they name none, to public ones that
 * the rules allow. Nothing is loaded before the first request.
 */
export const webFile: ExtraToolsFile = {
  open: async (settings) => openWeb(settings),
  check: async ({ web }) => ({
    result: "ok",
    detail: web.search === undefined ? "fetch, http" : `fetch, http, web_search by ${web.search}`,
  }),
};

function openWeb(settings: Settings): Module {
  const { network, egress, home } = settings;
  const clients: Promise<CheckedFetch>[] = [];
  const lazily = (hosts?: readonly string[]): (() => Promise<CheckedFetch>) => {
    let opened: Promise<CheckedFetch> | undefined;
    const open = async (): Promise<CheckedFetch> => {
      const { createCheckedFetch } = await import("@tau/egress");
      const options = {
        caller: { tenant: localTenant },
        audit: createEgressLog(home),
        addresses: egress.addresses,
      };
      return createCheckedFetch({ ...options, ...(hosts === undefined ? {} : { hosts }) });
    };
    return async () => {
      if (opened === undefined) clients.push((opened = open()));
      return await opened;
    };
  };
  const web = lazily(typeof network === "boolean" ? undefined : network.hosts);
  const fetchFor =
    ({ call, idempotencyKey }: ToolContext): typeof globalThis.fetch =>
    async (input, init) => {
      const { tenant, sessionId } = call;
      const caller = {
        tenant,
        commands: [idempotencyKey],
        ...(sessionId === undefined ? {} : { session: sessionId }),
      };
      return await (await web()).fetchFor(caller)(input, init);
    };
  const search = searchOf(settings, lazily);
  const tools = [...webTools({ fetchFor }), ...(search === undefined ? [] : [createSearchTool(search)])];
  return {
    name: "web",
    description: "The web.",
    tools: () => tools,
    async cleanup() {
      for (const client of clients) await (await client)[Symbol.asyncDispose]();
    },
  };
}

const services = { brave: "https://api.search.brave.com", tavily: "https://api.tavily.com" } as const;

/** The search service that the settings name, with a client that reaches it and nothing else, wherever the person has it. */
function searchOf(
  { web }: Settings,
  lazily: (hosts: readonly string[]) => () => Promise<CheckedFetch>,
): WebSearch | undefined {
  const { search, api_key: reference } = web;
  if (search === undefined) return undefined;
  const baseUrl = web.base_url ?? (search === "searxng" ? undefined : services[search]);
  if (baseUrl === undefined)
    throw usageError("web.search is searxng, which needs web.base_url: the address of your server.");
  const { protocol, hostname, port } = new URL(baseUrl);
  const client = lazily([`${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`]);
  const fetch: typeof globalThis.fetch = async (input, init) => await (await client()).fetch(input, init);
  if (search === "searxng") return createSearxngSearch({ fetch, baseUrl });
  if (reference === undefined)
    throw usageError(`web.search is ${search}, which needs web.api_key: a reference to your key.`);
  const apiKey = async (): Promise<string> =>
    await resolveSecret(reference, "web.api_key", { env: process.env });
  const options = { fetch, apiKey, baseUrl };
  return search === "brave" ? createBraveSearch(options) : createTavilySearch(options);
}

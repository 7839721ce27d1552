import { isJsonObject, isTauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { resolveKey } from "../api-key.ts";
import type { ApiKey } from "../api-key.ts";
import { countAt, objectAt, objectsAt, textAt } from "../json-fields.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import type { ListClient } from "../model-list/list-client.ts";
import { maxPages } from "../model-list/max-pages.ts";
import type { HostedPrefix, PrefixHost, PromptPrefix } from "../prefix-host.ts";
import { modelPath } from "./gemini-model.ts";
import { geminiProtocol } from "./part-data.ts";
import { geminiSettings } from "./settings.ts";

/** Options of {@link createGeminiPrefixHost}. */
export interface GeminiPrefixHostOptions {
  readonly apiKey: ApiKey;
  /** With the version, as of the models that use it. Default Google's Gemini API. */
  readonly baseUrl?: string;
  /** As the models that use it. Default `gemini`. */
  readonly provider?: string;
  /** For one request, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
}

/** Google's names for what it keeps; anything else could lead to another address. */
const handlePattern = /^cachedContents\/[\w-]+$/u;

/** Makes a {@link PrefixHost} over Gemini's `cachedContents`. */
export function createGeminiPrefixHost(options: GeminiPrefixHostOptions): PrefixHost {
  const provider = options.provider ?? geminiProtocol;
  const baseUrl = options.baseUrl ?? "https://generativelanguage.googleapis.com/v1beta";

  async function open(model: string, signal: AbortSignal): Promise<ListClient> {
    const key = await resolveKey(options.apiKey, signal);
    const { createListClient } = await import("../model-list/list-client.ts");
    return createListClient({
      identity: { provider, model },
      baseUrl,
      headers: {
        accept: "application/json",
        "user-agent": "tau",
        ...(key === undefined ? {} : { "x-goog-api-key": key }),
      },
      secrets: key === undefined ? [] : [key],
      fetch,
      signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs ?? 60_000)]),
    });
  }

  return {
    provider,
    ...addressOf(baseUrl),
    protocol: geminiProtocol,
    use: (handle) => ({ cachedContent: handle }),

    async create(prefix, { ttlMs, label }, { signal }) {
      const client = await open(prefix.model, signal);
      const body = await toBody(prefix, { provider, model: prefix.model });
      const seconds = `${Math.floor(ttlMs / 1000)}s`;
      const made = toHosted(
        await client.post("/cachedContents", { ...body, displayName: label, ttl: seconds }),
      );
      if (made !== undefined) return made;
      throw unreadable({ provider, model: prefix.model });
    },

    async remove(handle, signal) {
      if (!handlePattern.test(handle)) return; // Nothing that Google ever named so.
      const client = await open("cachedContents", signal);
      try {
        await client.delete(`/${modelPath(handle)}`);
      } catch (error) {
        // Google says "forbidden" of what it does not know.
        if (!isTauError(error) || (error.code !== "model.not_found" && error.code !== "model.auth"))
          throw error;
      }
    },

    async list(label, signal) {
      const client = await open("cachedContents", signal);
      const found: HostedPrefix[] = [];
      let token = "";
      for (let page = 0; page < maxPages; page++) {
        const answer = await client.get(`/cachedContents?pageSize=1000${token}`);
        if (!isJsonObject(answer)) throw unreadable({ provider, model: "cachedContents" });
        const own = objectsAt(answer, "cachedContents").filter((content) => content["displayName"] === label);
        found.push(...own.flatMap((content) => toHosted(content) ?? []));
        const next = textAt(answer, "nextPageToken");
        if (next === "") break;
        token = `&pageToken=${encodeURIComponent(next)}`;
      }
      return found;
    },
  };
}

/** As models write it; what is none fails when it is asked. */
function addressOf(baseUrl: string): Pick<PrefixHost, "address"> {
  const url = URL.parse(baseUrl);
  return url === null ? {} : { address: (url.origin + url.pathname).replace(/\/+$/, "") };
}

/** Writes contents as the adapter writes them into requests, so that a request continues them byte for byte. */
async function toBody(
  { model, system, messages }: PromptPrefix,
  identity: ModelIdentity,
): Promise<JsonObject> {
  const { toContents } = await import("./content.ts");
  const options = { identity, settings: geminiSettings({ model }) };
  const contents = messages
    .map((message, index) => toContents(message, messages[index - 1], options))
    .filter((text) => text !== "")
    .join(",");
  const parsed: Json = JSON.parse(`[${contents}]`);
  return {
    model: /^(?:models|tunedModels)\//.test(model) ? model : `models/${model}`,
    ...(system === "" ? {} : { systemInstruction: { parts: [{ text: system }] } }),
    contents: parsed,
  };
}

function toHosted(content: Json): HostedPrefix | undefined {
  if (!isJsonObject(content)) return undefined;
  const handle = textAt(content, "name");
  const expiresAt = Date.parse(textAt(content, "expireTime"));
  const tokens = countAt(objectAt(content, "usageMetadata"), "totalTokenCount");
  if (!handlePattern.test(handle) || Number.isNaN(expiresAt)) return undefined;
  return { handle, tokens, expiresAt };
}

function unreadable(identity: ModelIdentity): Error {
  return modelError("model.parse", identity, {
    class: "permanent",
    sentence: "answered with something that is no cached content. Check the base URL",
  });
}

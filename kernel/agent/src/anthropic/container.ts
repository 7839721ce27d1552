import { isJsonObject } from "@tau/core";
import type { JsonObject, Message, ProviderPart } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import { anthropicProtocol, ownData, toProviderData } from "./block-data.ts";

/** No block of the protocol: where tools ran at the provider, kept beside what they did. */
export const containerKind = "container";

/** The container in which an answer's tools ran; the next request must name it to find its files again. */
export function containerPart(container: JsonObject): ProviderPart {
  return { type: "provider_item", kind: containerKind, providerData: toProviderData(container) };
}

/**
 * The caller's own fields of the body, and with them the container that the conversation used last, unless it
 * is gone at `now` (ms since the epoch). Only tools that run at the provider have one.
 */
export function withContainer(request: ModelRequest, now: number): JsonObject | undefined {
  const extra = request.providerOptions?.[anthropicProtocol];
  const { container } = extra ?? {};
  const isChosen = typeof container === "string" || (isJsonObject(container) && "id" in container);
  if (isChosen || (request.providerTools ?? []).length === 0) return extra;
  const id = lastContainer(request.messages, now);
  if (id === undefined) return extra;
  return { ...extra, container: isJsonObject(container) ? { id, ...container } : id };
}

function lastContainer(messages: readonly Message[], now: number): string | undefined {
  for (const message of messages.toReversed()) {
    if (message.role !== "assistant") continue;
    for (const part of message.parts) {
      if (part.type !== "provider_item" || part.kind !== containerKind) continue;
      const { id, expires_at: expiresAt } = ownData(part.providerData) ?? {};
      if (typeof id !== "string") continue;
      const isGone = typeof expiresAt === "string" && Date.parse(expiresAt) <= now;
      return isGone ? undefined : id;
    }
  }
  return undefined;
}

import type { ThinkingPart } from "@tau/core";

import { anthropicProtocol } from "./block-data.ts";

/**
 * Whether the provider takes thinking back: it must prove that it made it. A signature without the name of a
 * protocol is its own.
 */
export function isOwnThinking({ signature, redacted, providerData }: ThinkingPart): boolean {
  if (providerData !== undefined && providerData.protocol !== anthropicProtocol) return false;
  return signature !== undefined || redacted !== undefined;
}

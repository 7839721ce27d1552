import type { ModelRequest } from "@tau/agent";
import { canonicalJson } from "@tau/core";

import { conversationDigest, framed, sha256, toolsDigest } from "../cache/request-digest.ts";

/** SHA-256 of a tenant's request: the tenant comes first, so that nobody learns what other tenants ask. */
export function requestFingerprint(tenant: string, request: ModelRequest): string {
  const { messages, tools: _tools, providerTools: _providerTools, ...settings } = request;
  return sha256(
    framed("tenant", tenant) +
      framed("messages", conversationDigest(messages)) +
      framed("tools", toolsDigest(request)) +
      framed("settings", canonicalJson(settings)),
  );
}

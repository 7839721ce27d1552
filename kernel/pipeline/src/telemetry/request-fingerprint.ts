import type { ModelRequest } from "@tau/agent";

import { framed, requestDigest, sha256 } from "../cache/request-digest.ts";

/** SHA-256 of a tenant's request: the tenant comes first, so that nobody learns what other tenants ask. */
export function requestFingerprint(tenant: string, request: ModelRequest): string {
  return sha256(framed("tenant", tenant) + framed("request", requestDigest(request)));
}

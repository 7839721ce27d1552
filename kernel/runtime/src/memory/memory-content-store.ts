import { createHash } from "node:crypto";

import { assertTenant } from "@tau/core";

import type { ContentStore } from "../content-store.ts";

/** Makes a {@link ContentStore} that forgets everything when the process ends. */
export function createMemoryContentStore(): ContentStore {
  const bodies = new Map<string, Uint8Array>();

  return {
    async put(tenant, data) {
      assertTenant(tenant);
      const sha256 = createHash("sha256").update(data).digest("hex");
      bodies.set(`${tenant}/${sha256}`, Uint8Array.from(data));
      return sha256;
    },

    async get(tenant, sha256) {
      assertTenant(tenant);
      const body = bodies.get(`${tenant}/${sha256}`);
      return body && Uint8Array.from(body);
    },
  };
}

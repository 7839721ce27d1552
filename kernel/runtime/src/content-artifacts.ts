import { TauError } from "@tau/core";
import type { ArtifactStore } from "@tau/tools";

import type { ContentStore } from "./content-store.ts";

const prefix = "artifact:";
const idPattern = /^artifact:[0-9a-f]{64}$/u;

/** Keeps artifacts in a {@link ContentStore}; an id is the hash of the content, so a tenant sees only its own. */
export function createContentArtifacts(content: ContentStore, tenant: string): ArtifactStore {
  return {
    async save(name, mediaType, data) {
      const sha256 = await content.put(tenant, data);
      return { id: prefix + sha256, name, mediaType, size: data.byteLength };
    },

    async read(id) {
      const data = idPattern.test(id) ? await content.get(tenant, id.slice(prefix.length)) : undefined;
      if (data === undefined)
        throw new TauError("artifact.not_found", `There is no artifact ${JSON.stringify(id)}.`);
      return data;
    },
  };
}

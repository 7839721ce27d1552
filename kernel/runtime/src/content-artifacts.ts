import { TauError } from "@tau/core";
import type { Artifact, ArtifactStore } from "@tau/tools";

import type { ContentStore } from "./content-store.ts";

const prefix = "artifact:";
const idPattern = /^artifact:[0-9a-f]{64}$/u;

/** Keeps artifacts in a {@link ContentStore}; an id is the hash of the content, so a tenant sees only its own. */
export function createContentArtifacts(content: ContentStore, tenant: string): ArtifactStore {
  return new ContentArtifacts(content, tenant);
}

class ContentArtifacts implements ArtifactStore {
  readonly #content: ContentStore;
  readonly #tenant: string;

  constructor(content: ContentStore, tenant: string) {
    this.#content = content;
    this.#tenant = tenant;
  }

  async save(name: string, mediaType: string, data: Uint8Array): Promise<Artifact> {
    const sha256 = await this.#content.put(this.#tenant, data);
    return { id: prefix + sha256, name, mediaType, size: data.byteLength };
  }

  async read(id: string): Promise<Uint8Array> {
    const sha256 = idPattern.test(id) ? id.slice(prefix.length) : undefined;
    const data = sha256 === undefined ? undefined : await this.#content.get(this.#tenant, sha256);
    if (data === undefined)
      throw new TauError("artifact.not_found", `There is no artifact ${JSON.stringify(id)}.`);
    return data;
  }
}

import { TauError } from "@tau/core";

import type { Artifact, ArtifactStore } from "./artifact-store.ts";
import { sha256 } from "./sha256.ts";

/** Makes an {@link ArtifactStore} that forgets everything when the process ends. Equal content is kept once. */
export function createMemoryArtifactStore(): ArtifactStore {
  const contents = new Map<string, Uint8Array>();
  return {
    save: async (name, mediaType, data): Promise<Artifact> => {
      const id = `artifact:${sha256(data).slice(0, 32)}`;
      if (!contents.has(id)) contents.set(id, Uint8Array.from(data));
      return { id, name, mediaType, size: data.byteLength };
    },
    read: async (id) => {
      const data = contents.get(id);
      if (data !== undefined) return data;
      throw new TauError(
        "artifact.not_found",
        `There is no artifact ${JSON.stringify(id.slice(0, 100))} in this session: use an id exactly as a tool result named it.`,
      );
    },
  };
}

/** A large body that a person or a model may open by name. */
export interface Artifact {
  /** `artifact:` and 12 to 64 hexadecimal digits of the content's SHA-256. */
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
}

/** Keeps the artifacts of one session. */
export interface ArtifactStore {
  save(name: string, mediaType: string, data: Uint8Array): Promise<Artifact>;
  /** Throws `artifact.not_found`. */
  read(id: string): Promise<Uint8Array>;
}

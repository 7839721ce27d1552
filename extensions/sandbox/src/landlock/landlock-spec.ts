/** What the launcher confines itself to before it becomes the command. Paths are real paths. */
export interface LandlockSpec {
  /** Read and run, with everything below. */
  readonly readable: readonly string[];
  /** Listed, with everything below: names, not contents. */
  readonly listed: readonly string[];
  /** Read and written, with everything below. */
  readonly writable: readonly string[];
  /** Whether TCP is left alone. */
  readonly network: boolean;
  /** The seccomp program, in base64. */
  readonly filter: string;
}

/** One effect that a grant allows: a rule, and where it holds. */
export interface GrantedEffect {
  /** As in a rules file, without any wildcard: `bash(npm test)`, `write(/w/notes.md)`, `network(example.org)`. */
  readonly rule: string;
  /** Of a command: the folder it must run in; absolute. */
  readonly cwd?: string;
  /** Of a command: what must be in the files that it executes, by path; see `ExecutedFile.content`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a person who says "always" allows: exactly this is shown, and exactly this is kept. */
export interface GrantTerms {
  readonly effects: readonly GrantedEffect[];
  readonly workspace: string;
  /** The hash of the environment's profile; under another one the grant says nothing. */
  readonly profile: string;
}

/** Terms that a person may say yes to. */
export interface GrantOffer extends GrantTerms {
  /** For how long they count from then on, in milliseconds; for the session only, no longer than that either. */
  readonly ttlMs: number;
}

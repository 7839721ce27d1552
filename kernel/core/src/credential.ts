/** What a caller shows to prove who they are. Its secret is behind a function, out of the way of logs and JSON. */
export interface Credential {
  /** How it was shown, for example `bearer` or `api_key`. */
  readonly scheme: string;
  readonly reveal: () => string;
}

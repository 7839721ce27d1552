/** Where an API server is and how to prove who asks. Certificates and keys are PEM texts. */
export interface KubeConnection {
  /** `https://host:port`, with a path where the server is behind one. */
  readonly server: string;
  /** Used where none is named. */
  readonly namespace: string;
  /** Who signs the server's certificate; absent: the authorities that Node trusts. */
  readonly authority?: string;
  /** The name to check in the server's certificate instead of the host. */
  readonly serverName?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** The bearer token as it is now: asked for at every request, because tokens of pods are renewed while they run. */
  readonly token?: () => Promise<string>;
}

/** A command that wants to go out. */
export interface GateRequest {
  /** Names the tool call in the records of what was requested. */
  readonly callId?: string;
}

/** A file that a command sees in place of the machine's. Absolute paths. */
export interface ShownFile {
  readonly path: string;
  readonly source: string;
}

/** What one command needs to reach the gate's hosts. Valid until it {@link leave}s. */
export interface GatePass {
  /** Program and arguments that start the program named after them in the gate's network. Run as Tau's own user. */
  readonly prefix: readonly string[];
  /** Variables for the command: placeholders of credentials, where certificates lie. No secrets. */
  readonly variables: Readonly<Record<string, string>>;
  readonly files: readonly ShownFile[];
  /** Absolute paths that the command must not see. */
  readonly hidden: readonly string[];
  /** To be called when the command has ended. Says what was refused meanwhile, in sentences for the model. */
  leave(): readonly string[];
}

/**
 * The way out for commands whose profile names hosts; an environment that can enforce it takes one.
 *
 * Contract:
 * - A command that is started with a pass reaches the listed hosts and nothing else, whatever it does.
 * - A gate that cannot be opened throws; when it breaks later, commands reach nothing.
 */
export interface NetworkGate extends AsyncDisposable {
  /** The hosts, as in `EnvironmentProfile.network`. */
  readonly hosts: readonly string[];
  /** Identifies everything that decides what may be reached; part of the profile's hash. */
  readonly rulesHash: string;
  enter(request: GateRequest, signal: AbortSignal): Promise<GatePass>;
}

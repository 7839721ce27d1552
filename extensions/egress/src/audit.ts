/** Who makes requests: what every row of theirs begins with. */
export interface EgressCaller {
  readonly tenant: string;
  readonly session?: string;
  /** The tool calls or commands that may have made the request; several when they ran at the same time. */
  readonly commands?: readonly string[];
}

/** One request that left, or was refused. Holds no credential, no query string and no body. */
export interface EgressRow extends EgressCaller {
  /** Milliseconds since the epoch, at its start. */
  readonly at: number;
  /** `fetch` by a tool of this process, `proxy` from a jail. */
  readonly via: "fetch" | "proxy";
  readonly host: string;
  readonly port: number;
  /** The address that was dialled. Absent when none was. */
  readonly address?: string;
  /** `CONNECT` for a tunnel, whose requests are not visible; `DNS` for a name that was refused. */
  readonly method: string;
  /** Without the query string. Absent where it is not visible. */
  readonly path?: string;
  readonly status?: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly durationMs: number;
  readonly decision: "allowed" | "denied" | "failed";
  /** Why it was denied, or how it failed. */
  readonly reason?: string;
  /** Names of the credentials that were put in; never their values. */
  readonly credentials?: readonly string[];
}

/** Takes the rows, in the order in which requests end. What it throws is the request's failure: no request without its row. */
export interface AuditSink {
  write(row: EgressRow): void;
}

/** Keeps nothing. */
export const noAudit: AuditSink = { write: () => undefined };

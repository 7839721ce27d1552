/** Who acts. */
export interface Principal {
  readonly id: string;
  readonly kind: "person" | "service" | "delegate";
  readonly scopes: readonly string[];
}

/**
 * Who calls, for whom, and until when. Passed explicitly to everything that acts; there is no default.
 */
export interface CallContext {
  /** Whose data it is. Every key, row, path and label starts with it. See {@link assertTenant}. */
  readonly tenant: string;
  readonly principal: Principal;
  /** W3C trace id: 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  readonly sessionId?: string;
  /** Aborts when the caller gives up; reaches model, tools and children. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch after which nobody waits for the answer any more. */
  readonly deadline?: number;
}

import type { AuditSink, EgressCaller, EgressRow } from "../audit.ts";
import type { CheckedAgent } from "../checked-agent.ts";
import type { HostList } from "../host-list.ts";
import type { EgressRules } from "../resolve-checked.ts";
import type { Target } from "../target.ts";
import type { Credentials, SecretSource } from "./credentials.ts";
import type { SessionAuthority } from "./session-authority.ts";

/** What the parts of a proxy share. */
export interface ProxyContext {
  readonly rules: EgressRules & { readonly hosts: HostList };
  readonly agent: CheckedAgent;
  readonly credentials: Credentials;
  readonly secrets: SecretSource;
  readonly authority: SessionAuthority;
  readonly audit: AuditSink;
  /** Who makes requests at the moment. */
  readonly caller: () => EgressCaller;
  /** Hears why something was refused or failed, in a sentence. */
  readonly onRefusal: (reason: string) => void;
  readonly now: () => number;
  /** Aborts when the proxy closes. */
  readonly signal: AbortSignal;
}

/** A row that is not finished. */
export interface OpenRow {
  readonly target: Target;
  address?: string;
  path?: string;
  status?: number;
  credentials?: readonly string[];
  bytesSent: number;
  bytesReceived: number;
  /** Writes the row; further calls do nothing. */
  close(outcome?: Pick<EgressRow, "decision" | "reason">): void;
}

/** Begins a row; whoever begins one closes it, whatever happens. */
export function openRow(context: ProxyContext, target: Target, method: string): OpenRow {
  const at = context.now();
  const caller = context.caller();
  let open = true;
  const row: OpenRow = {
    target,
    bytesSent: 0,
    bytesReceived: 0,
    close(outcome = { decision: "allowed" }) {
      if (!open) return;
      open = false;
      const {
        close: _,
        target: { host, port },
        ...facts
      } = row;
      context.audit.write({
        ...caller,
        at,
        via: "proxy",
        host,
        port,
        method,
        ...facts,
        durationMs: context.now() - at,
        ...outcome,
      });
      if (outcome.decision !== "allowed" && outcome.reason !== undefined) context.onRefusal(outcome.reason);
    },
  };
  return row;
}

import { createHash } from "node:crypto";

/** What an approval is good for. */
export interface ApprovalSubject {
  readonly tenant: string;
  readonly effectId: string;
  readonly tool: string;
  readonly arguments: string;
  readonly principal: string;
  readonly profileHash: string;
  /** What the call would really do, scripts that it runs included; see `contentDigest`. */
  readonly content: string;
  /** Milliseconds since the epoch, in decimal digits. */
  readonly expiresAt: string;
  /** The hash of the changes that are held; empty when the call has not run. */
  readonly held: string;
}

/** SHA-256 over the subject, each field with its length, so that no two subjects look alike. */
export function approvalBinding(subject: ApprovalSubject): string {
  const hash = createHash("sha256");
  const {
    tenant,
    effectId,
    tool,
    arguments: args,
    principal,
    profileHash,
    content,
    expiresAt,
    held,
  } = subject;
  for (const field of [tenant, effectId, tool, args, principal, profileHash, content, expiresAt, held]) {
    hash.update(`${Buffer.byteLength(field)}:`).update(field);
  }
  return hash.digest("hex");
}

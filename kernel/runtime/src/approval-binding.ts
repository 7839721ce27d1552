import { createHash } from "node:crypto";

/** What an approval is good for. */
export interface ApprovalSubject {
  readonly tenant: string;
  readonly effectId: string;
  readonly tool: string;
  readonly arguments: string;
  readonly principal: string;
  readonly profileHash: string;
}

/** SHA-256 over the subject, each field with its length, so that no two subjects look alike. */
export function approvalBinding(subject: ApprovalSubject): string {
  const hash = createHash("sha256");
  const { tenant, effectId, tool, arguments: args, principal, profileHash } = subject;
  for (const field of [tenant, effectId, tool, args, principal, profileHash]) {
    hash.update(`${Buffer.byteLength(field)}:`).update(field);
  }
  return hash.digest("hex");
}

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { GrantedEffect, GrantOffer, GrantTerms, Remember } from "@tau/core";
import type {
  Grant as ProtoGrant,
  GrantedEffect as ProtoGrantedEffect,
  GrantOffer as ProtoGrantOffer,
} from "@tau/proto";
import { Remember as ProtoRemember, wordOf } from "@tau/proto";

import { understood } from "./not-understood.ts";
import { optional } from "./optional.ts";

/** An answer of the caller that counts for longer than once. */
export interface Grant {
  /** What `revokeGrant` takes: the id of the question that was answered. */
  readonly id: string;
  readonly scope: Remember;
  readonly terms: GrantTerms;
  /** The session in which it was given; one of the scope `session` counts there alone. */
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly grantedAt: number;
  /** Milliseconds since the epoch; it does not count from then on. */
  readonly expiresAt: number;
}

/** Reads an answer that counts for longer than once. */
export function grantFromProto(grant: ProtoGrant): Grant {
  const { grantId, scope, effects, workspace, profile, sessionId, grantedAt, expiresAt } = grant;
  return {
    id: grantId,
    scope: understood(wordOf(ProtoRemember, scope)),
    terms: { effects: effects.map(effectFromProto), workspace, profile },
    sessionId,
    grantedAt: grantedAt === undefined ? 0 : timestampMs(grantedAt),
    expiresAt: expiresAt === undefined ? 0 : timestampMs(expiresAt),
  };
}

/** Reads terms that a person may say yes to. */
export function grantOfferFromProto({ effects, workspace, profile, ttlMs }: ProtoGrantOffer): GrantOffer {
  return { effects: effects.map(effectFromProto), workspace, profile, ttlMs: Number(ttlMs) };
}

function effectFromProto({ rule, cwd, files }: ProtoGrantedEffect): GrantedEffect {
  return {
    rule,
    ...optional("cwd", cwd),
    ...optional("files", Object.keys(files).length === 0 ? undefined : files),
  };
}

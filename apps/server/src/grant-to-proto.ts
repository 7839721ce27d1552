import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { GrantedEffect, GrantOffer } from "@tau/core";
import type { Grant as ProtoGrant, GrantedEffectSchema, GrantOffer as ProtoGrantOffer } from "@tau/proto";
import { enumOf, GrantOfferSchema, GrantSchema, Remember } from "@tau/proto";
import type { Grant } from "@tau/runtime";

/** Writes terms that a person may say yes to in the words of the contract. */
export function grantOfferToProto({ effects, workspace, profile, ttlMs }: GrantOffer): ProtoGrantOffer {
  return create(GrantOfferSchema, {
    effects: effects.map(effectToProto),
    workspace,
    profile,
    ttlMs: BigInt(ttlMs),
  });
}

/** Writes an answer that counts for longer than once in the words of the contract. */
export function grantToProto({ id, scope, terms, sessionId, grantedAt, expiresAt }: Grant): ProtoGrant {
  return create(GrantSchema, {
    grantId: id,
    scope: enumOf(Remember, scope),
    effects: terms.effects.map(effectToProto),
    workspace: terms.workspace,
    profile: terms.profile,
    sessionId,
    grantedAt: timestampFromMs(grantedAt),
    expiresAt: timestampFromMs(expiresAt),
  });
}

function effectToProto({
  rule,
  cwd,
  files = {},
}: GrantedEffect): MessageInitShape<typeof GrantedEffectSchema> {
  return { rule, files: { ...files }, ...(cwd === undefined ? {} : { cwd }) };
}

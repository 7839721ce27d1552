import { createHash } from "node:crypto";

import { isJsonObject, parseJson } from "@tau/core";
import type { GrantTerms, Remember } from "@tau/core";
import type { ActiveGrant } from "@tau/tools";

import type { Clock } from "./clock.ts";
import type { Journal, StreamId } from "./journal.ts";
import { createKeptStreams } from "./kept-streams.ts";

/** An answer that counts for longer than once. */
export interface Grant extends ActiveGrant {
  readonly scope: Remember;
  readonly terms: GrantTerms;
  /** The session in which it was given; one of the scope `session` counts there alone. */
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly grantedAt: number;
  readonly expiresAt: number;
}

/** Whose calls grants are about. */
export interface GrantOwner {
  readonly tenant: string;
  readonly principal: string;
}

/**
 * The grants of every principal: a stream of the journal for each, so that any process may add to it and revoke.
 *
 * - G1. A grant counts for its tenant and its principal, and for nobody else.
 * - G2. Adding one whose id is known, or was revoked, does nothing.
 * - G3. One that expired or was revoked is not listed, and never counts again.
 */
export interface Grants {
  add(owner: GrantOwner, grant: Grant, signal: AbortSignal): Promise<void>;
  /** Answers false when there is no such grant. */
  revoke(owner: GrantOwner, id: string, signal: AbortSignal): Promise<boolean>;
  /** Those that count, oldest first. */
  list(owner: GrantOwner, signal: AbortSignal): Promise<readonly Grant[]>;
  /** What {@link list} answered last, without what has expired since. */
  known(owner: GrantOwner): readonly Grant[];
}

interface OwnerState {
  readonly grants: Map<string, Grant>;
  readonly revoked: Set<string>;
}

/** Makes {@link Grants} that keep what they read of the `maxKept` owners used last. */
export function createGrants(journal: Journal, clock: Clock, maxKept = 1_000): Grants {
  const owners = createKeptStreams<GrantOwner, OwnerState, GrantItem>({
    journal,
    clock,
    maxKept,
    keyOf: ({ tenant, principal }) => `${tenant}/${principal}`,
    streamOf,
    create: () => ({ grants: new Map(), revoked: new Set() }),
    decode: decodeItem,
    apply: applyItem,
  });

  const known = (owner: GrantOwner): readonly Grant[] => {
    const now = clock.now();
    return [...owners.known(owner).grants.values()].filter(({ expiresAt }) => expiresAt > now);
  };

  return {
    known,
    async list(owner, signal) {
      await owners.refresh(owner, signal);
      return known(owner);
    },
    async add(owner, grant, signal) {
      const isDone = ({ grants, revoked }: OwnerState): boolean =>
        grants.has(grant.id) || revoked.has(grant.id);
      await owners.write(owner, { type: "granted", grant }, { isDone, signal });
    },
    async revoke(owner, id, signal) {
      let isKnown = true;
      const isDone = ({ grants }: OwnerState): boolean => !(isKnown = grants.has(id));
      await owners.write(owner, { type: "revoked", id }, { isDone, signal });
      return isKnown;
    },
  };
}

type GrantItem =
  | { readonly type: "granted"; readonly grant: Grant }
  | { readonly type: "revoked"; readonly id: string };

function applyItem({ grants, revoked }: OwnerState, item: GrantItem): void {
  if (item.type === "revoked") {
    grants.delete(item.id);
    revoked.add(item.id);
  } else if (!revoked.has(item.grant.id)) {
    grants.set(item.grant.id, item.grant);
  }
}

/** Principals have names that streams cannot have. */
function streamOf({ tenant, principal }: GrantOwner): StreamId {
  return { tenant, stream: `grants/${createHash("sha256").update(principal).digest("hex")}` };
}

function decodeItem(body: string): GrantItem {
  const parsed = parseJson(body);
  if (!parsed.ok || !isGrantItem(parsed.value)) throw new TypeError("A grant's event has a broken body.");
  return parsed.value;
}

/** Trusts the fields: only {@link Grants} write here. */
function isGrantItem(value: unknown): value is GrantItem {
  return isJsonObject(value) && (value["type"] === "granted" || value["type"] === "revoked");
}

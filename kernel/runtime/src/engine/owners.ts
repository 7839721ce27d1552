import { uuidv7 } from "@tau/core";

import type { Lease, Leases } from "../lease.ts";

interface Owner {
  readonly name: string;
  readonly lease: Lease;
  readonly onLost: () => void;
}

/**
 * The names under which this engine holds keys: one for each tenant that it has work of, with a lease that shows the
 * other processes on the store that it lives. What belongs to a name is nobody's once the name's lease is free.
 *
 * Invariants, cited by the tests:
 * - O1. A name is used once: what an engine held before it lost a lease, or gave one back, it does not hold any more.
 */
export class Owners {
  readonly #leases: Leases;
  readonly #onLost: (tenant: string) => void;
  readonly #owners = new Map<string, Owner>();
  readonly #naming = new Map<string, Promise<string>>();
  readonly #looking = new Map<string, Promise<boolean>>();

  /** `onLost` is called when everything held under the name in a tenant may be somebody else's. */
  constructor(leases: Leases, onLost: (tenant: string) => void) {
    this.#leases = leases;
    this.#onLost = onLost;
  }

  /** This engine's name in a tenant; undefined when it has none now. */
  nameIn(tenant: string): string | undefined {
    const owner = this.#owners.get(tenant);
    return owner?.lease.lost.aborted === false ? owner.name : undefined;
  }

  /** This engine's name in a tenant. Throws what the leases throw. */
  async claim(tenant: string): Promise<string> {
    const known = this.nameIn(tenant);
    if (known !== undefined) return known;
    const naming = this.#naming.get(tenant) ?? this.#name(tenant).finally(() => this.#naming.delete(tenant));
    this.#naming.set(tenant, naming);
    return await naming;
  }

  /** Whether nobody uses the name any more. */
  async isGone(tenant: string, name: string): Promise<boolean> {
    if (name === this.nameIn(tenant)) return false;
    const key = leaseOf(name);
    const looking =
      this.#looking.get(key) ?? this.#look(tenant, key).finally(() => this.#looking.delete(key));
    this.#looking.set(key, looking);
    return await looking;
  }

  /** Gives back the names in tenants that are not in use. */
  async release(isUsed: (tenant: string) => boolean): Promise<void> {
    for (const [tenant, { lease, onLost }] of this.#owners) {
      if (isUsed(tenant)) continue;
      this.#owners.delete(tenant);
      lease.lost.removeEventListener("abort", onLost);
      await lease[Symbol.asyncDispose]();
    }
  }

  async #name(tenant: string): Promise<string> {
    const name = uuidv7();
    const lease = await this.#leases.acquire(tenant, leaseOf(name));
    if (lease === undefined) throw new TypeError("A name that was just made is in use.");
    const onLost = (): void => {
      if (this.#owners.get(tenant)?.lease === lease) this.#owners.delete(tenant);
      this.#onLost(tenant);
    };
    this.#owners.set(tenant, { name, lease, onLost });
    lease.lost.addEventListener("abort", onLost, { once: true });
    return name;
  }

  async #look(tenant: string, key: string): Promise<boolean> {
    const lease = await this.#leases.acquire(tenant, key);
    await lease?.[Symbol.asyncDispose]();
    return lease !== undefined;
  }
}

function leaseOf(name: string): string {
  return `engine-owner/${name}`;
}

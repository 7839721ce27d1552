/** A claim on a key that other processes respect. */
export interface Lease extends AsyncDisposable {
  /** Aborts when the claim was lost, for example because renewing it failed for too long. */
  readonly lost: AbortSignal;
}

/**
 * Claims that processes on a store respect. With one for each engine, others see whether it lives, and so whether the
 * sessions that it holds are free.
 *
 * Contract, checked by `describeLeases()` from `@tau/runtime/testing`:
 * - `acquire` answers undefined while a live process holds the key. A process that was killed holds nothing
 *   after `ttlMs` at the latest; sooner where the store can see that it is gone.
 * - A lease renews itself until it is disposed.
 */
export interface Leases {
  acquire(tenant: string, key: string): Promise<Lease | undefined>;
}

/**
 * Large bodies, addressed by tenant and SHA-256.
 *
 * Contract, checked by `describeContentStore()` from `@tau/runtime/testing`:
 * - `put` is durable when it resolves and answers the hash (64 hexadecimal digits); equal bytes give the same hash.
 * - `get` of an unknown hash, or of another tenant's, answers undefined.
 */
export interface ContentStore {
  put(tenant: string, data: Uint8Array): Promise<string>;
  get(tenant: string, sha256: string): Promise<Uint8Array | undefined>;
}

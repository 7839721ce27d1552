import { assertTenant, TauError } from "@tau/core";

import type { StreamAppend, StreamId } from "./journal.ts";

const streamPattern = /^[a-zA-Z0-9._:/-]{1,200}$/;

/**
 * Checks the names of a stream, so that every journal refuses the same ones.
 *
 * @throws TauError `context.invalid_tenant`, `journal.invalid_stream`
 */
export function assertStreamId(id: StreamId): void {
  assertTenant(id.tenant);
  if (streamPattern.test(id.stream)) return;
  throw new TauError(
    "journal.invalid_stream",
    `stream ${JSON.stringify(id.stream.slice(0, 80))} is not valid: use 1 to 200 characters of a-z, A-Z, 0-9, ".", "_", ":", "/" and "-".`,
  );
}

/**
 * Checks the streams of one `appendAll`, so that every journal refuses the same ones.
 *
 * @throws TauError `context.invalid_tenant`, `journal.invalid_stream`
 * @throws RangeError when they belong to several tenants, or one is named twice
 */
export function assertTogether(appends: readonly StreamAppend[]): void {
  for (const { id } of appends) assertStreamId(id);
  const isOnce = new Set(appends.map(({ id }) => id.stream)).size === appends.length;
  if (isOnce && appends.every(({ id }) => id.tenant === appends[0]?.id.tenant)) return;
  throw new RangeError("Streams that are appended to together belong to one tenant, and each is named once.");
}

/**
 * Checks the key of a lease: the characters of a stream name.
 *
 * @throws TauError `context.invalid_tenant`, `lease.invalid_key`
 */
export function assertLeaseKey(tenant: string, key: string): void {
  assertTenant(tenant);
  if (streamPattern.test(key)) return;
  throw new TauError(
    "lease.invalid_key",
    `key ${JSON.stringify(key.slice(0, 80))} is not valid: use 1 to 200 characters of a-z, A-Z, 0-9, ".", "_", ":", "/" and "-".`,
  );
}

import { DatabaseError, toRefusal } from "./database-error.ts";
import { isWrite } from "./protocol.ts";
import type { Batch, Outcome, Refusal, WriteOperation } from "./protocol.ts";
import type { TenantDatabase } from "./tenant-database.ts";
import type { TenantDatabases } from "./tenant-databases.ts";
import { tenantOf } from "./placed-append.ts";
import type { PlacedAppend } from "./placed-append.ts";
import { append, write } from "./write-operations.ts";

/** What became of the writes of a batch, by their places in it. */
export interface BatchOutcome {
  readonly refused: Map<number, Refusal>;
  readonly outcomes: Outcome[];
}

/** A write, and where its outcome goes. */
type Work = { readonly place: number; readonly into: BatchOutcome } & (
  | { readonly append: PlacedAppend }
  | { readonly append?: undefined; readonly operation: WriteOperation }
);

/** Carries out the writes of batches, one transaction for each tenant. What is not refused is durable. */
export function commitBatches(
  databases: TenantDatabases,
  batches: readonly Batch[],
): readonly BatchOutcome[] {
  const byTenant = new Map<string, Work[]>();
  const add = (tenant: string, work: Work): void => {
    const works = byTenant.get(tenant);
    if (works === undefined) byTenant.set(tenant, [work]);
    else works.push(work);
  };
  const outcomes = batches.map(({ appends, operations }) => {
    const into: BatchOutcome = { refused: new Map(), outcomes: [] };
    for (let start = 1, place = 0; start < appends.length; place += 1) {
      const placed = { values: appends, start };
      const { tenant, next } = tenantOf(placed);
      add(tenant, { place, into, append: placed });
      start = next;
    }
    operations.forEach((operation, place) => {
      if (isWrite(operation)) add(operation.tenant, { place, into, operation });
    });
    return into;
  });
  for (const [tenant, works] of byTenant) commit(databases, tenant, works);
  return outcomes;
}

/**
 * Carries out writes of one tenant.
 *
 * - C1. A write that is refused by itself, such as a conflict, wrote nothing and concerns nobody else.
 * - C2. Any other failure, also one of COMMIT, undoes and refuses all of them.
 */
function commit(databases: TenantDatabases, tenant: string, works: readonly Work[]): void {
  try {
    const database = databases.forWriting(tenant);
    database.sql("BEGIN IMMEDIATE").run();
    database.refresh();
    for (const work of works) perform(database, work);
    database.sql("COMMIT").run();
  } catch (error) {
    const refusal = toRefusal(error, tenant);
    for (const work of works) refuse(work, refusal);
    // Closing rolls back. Where a failed COMMIT left frames in the log, it also keeps them from coming back.
    databases.discard(tenant);
  }
}

function perform(database: TenantDatabase, work: Work): void {
  try {
    if (work.append !== undefined) append(database, work.append);
    else work.into.outcomes[work.place] = { answer: write(database, work.operation) };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    refuse(work, toRefusal(error, ""));
  }
}

function refuse({ append: appended, place, into }: Work, refusal: Refusal): void {
  if (appended !== undefined) into.refused.set(place, refusal);
  else into.outcomes[place] = { refusal };
}

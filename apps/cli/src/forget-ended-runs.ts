import { isJsonObject, parseJson } from "@tau/core";
import type { Observer } from "@tau/core";
import { accountKey } from "@tau/pipeline";
import type { BudgetLedger } from "@tau/pipeline";
import type { Journal, JournalEvent } from "@tau/runtime";

/** What {@link forgetEndedRuns} needs. */
export interface ForgetOptions {
  readonly journal: Journal;
  readonly ledger: BudgetLedger;
  readonly observer?: Observer;
}

/**
 * A journal that drops what the ledger counted for a run once its end is durable: nothing is charged to it any more, and a
 * limit for ever would otherwise keep a row of each run there ever was.
 */
export function forgetEndedRuns({ journal, ledger, observer }: ForgetOptions): Journal {
  const forget = async (tenant: string, events: readonly JournalEvent[]): Promise<void> => {
    for (const id of events.flatMap(endedRun)) {
      try {
        for (const kind of ["run", "child"] as const) await ledger.forget(tenant, accountKey({ kind, id }));
      } catch (error) {
        // The end of a run is true whatever becomes of a row.
        observer?.({ name: "budget.forget_failed", level: 13, tenant, attributes: {}, error });
      }
    }
  };
  return {
    ...journal,
    async append(id, expectedVersion, events) {
      const version = await journal.append(id, expectedVersion, events);
      await forget(id.tenant, events);
      return version;
    },
    async appendAll(appends) {
      const versions = await journal.appendAll(appends);
      for (const { id, events } of appends) await forget(id.tenant, events);
      return versions;
    },
  };
}

function endedRun({ type, body }: JournalEvent): readonly string[] {
  if (type !== "run_finished") return [];
  const parsed = parseJson(body);
  const runId = parsed.ok && isJsonObject(parsed.value) ? parsed.value["runId"] : undefined;
  return typeof runId === "string" ? [runId] : [];
}

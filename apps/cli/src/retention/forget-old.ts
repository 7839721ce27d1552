import type { Observer } from "@tau/core";
import { purgeExpired } from "@tau/pipeline";
import type { CallEventStore } from "@tau/pipeline";
import type { Runtime } from "@tau/runtime";

import { forgetBindings } from "../bound/forget-bindings.ts";
import { localTenant } from "../local-context.ts";
import { believedTime } from "./believed-time.ts";

const dayMs = 86_400_000;
/** The same as of events of calls. */
const keptMs = 90 * dayMs;

/** What {@link forgetOld} needs. */
export interface ForgetOldOptions {
  /** Where Tau keeps its data. */
  readonly home: string;
  readonly calls: CallEventStore;
  readonly runtime: Pick<Runtime, "getSession">;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly observer?: Observer;
}

/**
 * Removes, once a day, what was kept for long enough: events of calls after 90 days, and what runs were bound to that ended.
 * Never throws: whoever begins a run came for something else.
 */
export async function forgetOld({ home, calls, runtime, now, observer }: ForgetOldOptions): Promise<void> {
  try {
    const time = await believedTime(home, now);
    if (time === undefined) return;
    await purgeExpired(calls, localTenant, { now: time });
    await forgetBindings(home, time - keptMs, runtime);
  } catch (error) {
    observer?.({ name: "retention.failed", level: 13, tenant: localTenant, attributes: {}, error });
  }
}

import type { Observer } from "@tau/core";
import { purgeExpired } from "@tau/pipeline";
import type { CallEventStore } from "@tau/pipeline";

import { localTenant } from "../local-context.ts";
import { believedTime } from "./believed-time.ts";

/** Often enough to see when a day is over; what is removed is removed once a day. */
const hourMs = 3_600_000;

/** What {@link startRetention} needs. */
export interface RetentionOptions {
  /** Where Tau keeps its data. */
  readonly home: string;
  readonly calls: CallEventStore;
  /** Milliseconds since the epoch. Default: the machine's clock. */
  readonly now?: () => number;
  /** How often to see whether a day is over, in milliseconds. Default: every hour. */
  readonly everyMs?: number;
  readonly observer?: Observer;
}

/**
 * Removes events of calls after 90 days and their bodies after 7, once a day, now and for as long as it is not disposed of;
 * keeps no process alive. Disposing waits for what is being removed.
 *
 * What runs were bound to, and which approvals were used, is not removed: a run that goes on would be free without it, and an
 * approval would count again.
 */
export function startRetention(options: RetentionOptions): AsyncDisposable {
  let current: Promise<void> | undefined;
  const begin = (): void => {
    current ??= forgetOld(options).finally(() => (current = undefined));
  };
  begin();
  const timer = setInterval(begin, options.everyMs ?? hourMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await current;
    },
  };
}

/** Never throws: whoever began a run came for something else. */
async function forgetOld({ home, calls, now = Date.now, observer }: RetentionOptions): Promise<void> {
  try {
    const time = await believedTime(home, now());
    if (time !== undefined) await purgeExpired(calls, localTenant, { now: time });
  } catch (error) {
    observer?.({ name: "retention.failed", level: 13, tenant: localTenant, attributes: {}, error });
  }
}

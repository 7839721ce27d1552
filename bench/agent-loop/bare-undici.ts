import { Pool } from "undici";

import { bareRun } from "./bare-loop.ts";
import type { Rung } from "./rung.ts";

/** The practical floor in memory: no framework. */
export async function openRung({
  baseUrl,
  concurrency,
}: {
  readonly baseUrl: string;
  readonly concurrency: number;
}): Promise<Rung> {
  const pool = new Pool(baseUrl, { connections: concurrency });
  return {
    run: () => bareRun(pool),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

import { setTimeout as delay } from "node:timers/promises";

import type { ContainerEngine } from "../engine/container-engine.ts";
import { statusOf } from "../engine/container-engine.ts";
import { fieldsOf, listOf, textOf } from "../engine/fields.ts";
import { containerLabels, isOrphaned } from "./owner-labels.ts";

/**
 * Removes containers of environments whose process is gone, and answers their ids. An environment does this when it is
 * opened; `tenant` narrows it to one tenant's.
 */
export async function removeLeftovers(
  engine: ContainerEngine,
  { tenant }: { readonly tenant?: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const label = [
    containerLabels.environment,
    ...(tenant === undefined ? [] : [`${containerLabels.tenant}=${tenant}`]),
  ];
  const query = { all: true, filters: JSON.stringify({ label }) };
  const found = listOf(await engine.ask({ method: "GET", path: "/containers/json", query }, signal));
  const ids = found
    .filter(({ Labels }) => isOrphaned(textOf(fieldsOf(Labels)[containerLabels.owner])))
    .map(({ Id }) => textOf(Id));
  for (const id of ids) await removeContainer(engine, id, signal);
  return ids;
}

// A container that ends just now cannot be removed at that very moment; nor can one that somebody else removes.
const attempts = 8;
const firstPauseMs = 50;

/** Ends everything in a container and removes it with its volumes; does nothing when it is gone. Settles when it is. */
export async function removeContainer(
  engine: ContainerEngine,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const query = { force: true, v: true };
  for (let attempt = 1; ; attempt++) {
    try {
      return void (await engine.ask({ method: "DELETE", path: `/containers/${id}`, query }, signal));
    } catch (error) {
      const status = statusOf(error) ?? 0;
      if (status === 404) return;
      if ((status !== 409 && status < 500) || attempt === attempts) throw error;
    }
    await delay(firstPauseMs * 2 ** (attempt - 1), undefined, { signal });
  }
}

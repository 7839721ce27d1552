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

/** Ends everything in a container and removes it with its volumes; does nothing when it is gone, or going. */
export async function removeContainer(
  engine: ContainerEngine,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const query = { force: true, v: true };
  try {
    await engine.ask({ method: "DELETE", path: `/containers/${id}`, query }, signal);
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error;
  }
}

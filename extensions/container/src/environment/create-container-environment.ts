import type { OwnedEnvironment } from "@tau/tools";

import { removeLeftovers } from "../leftovers/remove-leftovers.ts";
import { assertHolds } from "../self-test/self-test.ts";
import { containerEnvironment } from "./container-environment.ts";
import type { ContainerOptions } from "./container-options.ts";
import { openSettings } from "./open-settings.ts";

/**
 * Makes an `Environment` whose commands run in containers of Docker or Podman: no capabilities, no new privileges, a
 * read-only image, no network unless granted, and of this machine the workspace alone, at the same path.
 *
 * A command has a container to itself while it runs. Names of hosts cannot be enforced: such a profile has no network.
 * What it leaves behind after a crash, the next one removes. The first of a kind in a process tries to escape.
 *
 * Throws `container.escape` when a probe gets out, other `container.*` when there can be no such container (never falls back
 * to less), and `environment.not_found` when there is no workspace.
 */
export async function createContainerEnvironment(
  options: ContainerOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<OwnedEnvironment> {
  const { engine, settings } = await openSettings(options, signal);
  await removeLeftovers(engine, { tenant: options.tenant ?? "local" }, signal);
  await assertHolds(engine, settings, signal);
  return containerEnvironment(engine, settings);
}

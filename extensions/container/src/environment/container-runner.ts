import type { Protection, StartRequest } from "@tau/tools";
import { createSecretFinder, reportPutAside, shareProtection } from "@tau/tools";

import type { ContainerEngine } from "../engine/container-engine.ts";
import { containerMounts } from "./container-mounts.ts";
import { createContainerPool } from "./container-pool.ts";
import type { ContainerProcess } from "./container-process.ts";
import { checkedSize, startInContainer } from "./container-process.ts";
import type { ContainerSettings } from "./container-settings.ts";
import type { containerSpec, ContainerView } from "./container-spec.ts";
import { startContainer } from "./live-container.ts";

/** Runs commands in the containers of one environment. */
export interface ContainerRunner {
  start(
    request: StartRequest & { readonly cwd: string },
    withInput: boolean,
    signal: AbortSignal,
  ): Promise<ContainerProcess>;
  /** Removes the containers; commands have ended before. */
  close(): Promise<void>;
}

/** Makes a {@link ContainerRunner}. */
export function createContainerRunner(
  engine: ContainerEngine,
  settings: ContainerSettings,
  specOf: typeof containerSpec,
): ContainerRunner {
  const { profile, policy, user } = settings;
  const protection = shareProtection(profile.workspace, policy.protectedPaths);
  const findSecrets = createSecretFinder(profile.workspace, policy.isSecretName);
  const pool = createContainerPool({ reusesUsed: profile.access === "full" });

  const viewOf = async (request: StartRequest, plan: Protection | undefined): Promise<ContainerView> => {
    const mounts = containerMounts({
      folder: profile.workspace,
      writable: plan !== undefined,
      protection: plan,
      secrets: [...policy.secretPaths, ...(await findSecrets())],
    });
    return { mounts, network: profile.network === true && request.network !== false };
  };

  return {
    async start(request, withInput, signal) {
      signal.throwIfAborted();
      if (request.pty !== undefined) checkedSize(request.pty);
      const writable = profile.access !== "read-only" && request.readOnly !== true;
      const plan = writable ? protection.enter() : undefined;
      const leave = async (): Promise<void> => {
        if (writable) reportPutAside(request, await protection.leave());
      };
      try {
        const view = await viewOf(request, plan);
        const key = JSON.stringify([view.mounts.key, view.network]);
        const container = await pool.take(
          key,
          async () => await startContainer(engine, specOf(settings, view), signal),
        );
        const place = { engine, container, cwd: request.cwd, user, withInput };
        const process = await startInContainer(place, request, signal).catch(async (error: unknown) => {
          pool.give(key, container, await container.sweep());
          throw error;
        });
        const settle = async (): Promise<Awaited<ContainerProcess["exit"]>> => {
          try {
            return await process.exit;
          } finally {
            pool.give(key, container, await process.swept);
            await leave();
          }
        };
        const exit = settle();
        exit.catch(() => undefined); // as `Environment.start` promises
        const kill = async (): Promise<void> => {
          process.end();
          await Promise.allSettled([exit]);
        };
        return { ...process, exit, kill };
      } catch (error) {
        await leave();
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

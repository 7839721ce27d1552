import { TauError } from "@tau/core";

import type { ContainerEngine } from "../engine/container-engine.ts";
import { createContainerEngine } from "../engine/container-engine.ts";
import { findEngineAddress } from "../engine/engine-address.ts";
import { fieldsOf, textsOf } from "../engine/fields.ts";
import type { ContainerOptions } from "./container-options.ts";
import type { ContainerSettings } from "./container-settings.ts";
import { containerPolicy, containerUser, settledProfile } from "./container-settings.ts";
import { findPinnedImage } from "./pinned-image.ts";

/** Finds the engine and the image. Throws `container.*`, and `environment.not_found` when there is no workspace. */
export async function openSettings(
  options: ContainerOptions,
  signal: AbortSignal,
): Promise<{ readonly engine: ContainerEngine; readonly settings: ContainerSettings }> {
  const profile = settledProfile(options);
  const engine = openEngine(options);
  const info = fieldsOf(await engine.ask({ method: "GET", path: "/info" }, signal));
  const image = await findPinnedImage(
    engine,
    { reference: options.image, pull: options.pull === true },
    signal,
  );
  const rootless = textsOf(info["SecurityOptions"]).some((option) => option.includes("rootless"));
  const user = containerUser(profile.workspace, rootless);
  const policy = containerPolicy(options, profile);
  return { engine, settings: { profile, policy, image, options, user, rootless } };
}

/** Opens the engine of the options, or the usual one. Throws `container.unreachable` when there is none. */
export function openEngine({ engine }: Pick<ContainerOptions, "engine">): ContainerEngine {
  const address = engine ?? findEngineAddress();
  if (address !== undefined) return createContainerEngine(address);
  throw new TauError(
    "container.unreachable",
    "There is no socket of a container engine in the usual places. Start Docker or `podman system service`, or name its socket.",
  );
}

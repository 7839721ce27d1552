import type { ContainerEngine } from "../engine/container-engine.ts";
import { isRootless } from "../engine/is-rootless.ts";
import { openEngine } from "../engine/open-engine.ts";
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
  const image = await findPinnedImage(
    engine,
    { reference: options.image, pull: options.pull === true },
    signal,
  );
  const rootless = await isRootless(engine, signal);
  const user = containerUser(profile.workspace, rootless);
  const policy = containerPolicy(options, profile);
  return { engine, settings: { profile, policy, image, options, user, rootless } };
}

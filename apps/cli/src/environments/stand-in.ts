import { isTauError, TauError } from "@tau/core";
import { createLandlockDriver } from "@tau/sandbox";
import type { DriverReport, EnvironmentProfile, OwnedEnvironment, SandboxDriver } from "@tau/tools";

import type { Finding } from "../doctor/finding.ts";
import type { Settings } from "../settings.ts";
import type { EnvironmentOrder } from "./environment-file.ts";
import { landlockFile } from "./landlock.ts";

/** Whether a jail cannot be had on this machine. */
export function isSandboxError(error: unknown): error is TauError {
  return isTauError(error) && error.code.startsWith("sandbox.");
}

/**
 * Opens what takes the place of the jail: Landlock, where its self-test holds and it keeps what the profile promises.
 *
 * @throws TauError as `jail`, with the reason why there is no substitute
 */
export async function openStandIn(
  { settings, profile, env, showPaths }: EnvironmentOrder,
  jail: TauError,
): Promise<OwnedEnvironment> {
  const driver = createLandlockDriver({ standsIn: true, maskPaths: [settings.home], showPaths, env });
  await assertUsable(driver, { profile, settings }, jail);
  return await driver.open(profile, new AbortController().signal);
}

/**
 * What a look at the jail finds or, where there can be none, why, and what a look at its substitute finds.
 *
 * @throws TauError `sandbox.*` where there is no substitute
 */
export async function* findOrStandIn(
  look: (settings: Settings) => AsyncIterable<Finding>,
  kind: "check" | "inspect",
  settings: Settings,
): AsyncGenerator<Finding> {
  try {
    yield* look(settings);
  } catch (error) {
    if (!isSandboxError(error)) throw error;
    const { profile: access, cwd: workspace, network, home } = settings;
    const driver = createLandlockDriver({ standsIn: true, maskPaths: [home] });
    await assertUsable(driver, { profile: { access, workspace, network }, settings }, error);
    const detail = `Landlock takes the place of the jail, so rules decide on every command. ${error.message}`;
    yield { check: "sandbox", result: "note", detail };
    yield* landlockFile[kind](settings);
  }
}

interface Wanted {
  readonly profile: EnvironmentProfile;
  readonly settings: Settings;
}

async function assertUsable(
  driver: SandboxDriver,
  { profile, settings }: Wanted,
  jail: TauError,
): Promise<void> {
  // Whoever set limits for the jail wants them to be kept.
  const limits = Object.keys(settings.environments["jail"] ?? {});
  const report: DriverReport =
    limits.length > 0
      ? { usable: false, reason: "It cannot keep the limits under [environment.jail].", remedy: "" }
      : await driver.probe(profile, new AbortController().signal);
  if (report.usable) return;
  const why = `Landlock cannot take its place: ${report.reason} ${report.remedy}`.trimEnd();
  throw new TauError(jail.code, `${jail.message}\n${why}`, { cause: jail });
}

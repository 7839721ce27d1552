import { TauError } from "@tau/core";
import type { EnvironmentProfile, OwnedEnvironment, SandboxDriver } from "@tau/tools";

/** An environment and the driver that was chosen for it. */
export interface OpenedSandbox {
  readonly driver: string;
  readonly environment: OwnedEnvironment;
}

/**
 * Opens an environment by the first of `drivers` whose self-test holds on this machine. List the strongest first; the host
 * is no driver: whoever wants none says so.
 *
 * Throws `sandbox.unavailable` with the reason and the remedy of each when none can be used: never falls back to less.
 */
export async function openSandbox(
  drivers: readonly SandboxDriver[],
  profile: EnvironmentProfile,
  signal: AbortSignal,
): Promise<OpenedSandbox> {
  const reasons: string[] = [];
  for (const driver of drivers) {
    const report = await driver.probe(profile, signal);
    if (report.usable) return { driver: driver.name, environment: await driver.open(profile, signal) };
    reasons.push(`${driver.name}: ${report.reason} ${report.remedy}`.trimEnd());
  }
  throw new TauError(
    "sandbox.unavailable",
    `No sandbox can be used on this machine, so nothing is run.\n${reasons.join("\n")}`,
  );
}

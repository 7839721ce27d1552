import { tmpdir } from "node:os";
import { dirname } from "node:path";

import { rgPath } from "@vscode/ripgrep";
import { createContainerDriver, createContainerEnvironment, runContainerSelfTest } from "@tau/container";
import type { ContainerOptions } from "@tau/container";
import type { EnvironmentProfile } from "@tau/tools";

import { engineOf, numberOf, textOf } from "../container-settings.ts";
import { escapeFindings, notTried } from "../doctor/escape-findings.ts";
import type { Finding } from "../doctor/finding.ts";
import { invalidConfig } from "../invalid-config.ts";
import { localTenant } from "../local-context.ts";
import type { Settings } from "../settings.ts";
import type { EnvironmentFile } from "./environment-file.ts";

/** Containers of Docker or Podman. */
export const containerFile: EnvironmentFile = {
  open: async ({ settings, profile, caller }) =>
    await createContainerEnvironment({ ...optionsOf(settings, caller.tenant), profile }),
  async *check(settings) {
    const report = await createContainerDriver(optionsOf(settings)).probe(
      profileOf(settings),
      new AbortController().signal,
    );
    if (!report.usable) {
      yield { check: "sandbox", result: "fault", detail: `${report.reason} ${report.remedy}`.trimEnd() };
      return;
    }
    yield { check: "sandbox", result: "ok", detail: `container: ${report.enforced.join("; ")}` };
    yield* gaps(report.unenforced);
  },
  async *inspect(settings) {
    const options = { ...optionsOf(settings), profile: profileOf(settings) };
    const { signal } = new AbortController();
    const results = await runContainerSelfTest(options, signal);
    yield {
      check: "driver",
      result: "ok",
      detail: `container of ${options.image}, profile ${settings.profile}`,
    };
    const report = await createContainerDriver(options).probe(options.profile, signal);
    if (report.usable) {
      for (const detail of report.enforced) yield { check: "enforced", result: "ok", detail };
      for (const detail of report.unenforced) yield { check: "not kept", result: "note", detail };
    }
    yield* escapeFindings(results);
    yield* notTried("escapes", results);
  },
};

function* gaps(items: readonly string[]): Generator<Finding> {
  for (const item of items) yield { check: "sandbox", result: "note", detail: `not kept: ${item}` };
}

/** What `[environment.container]` says; its keys were checked with the file. */
function optionsOf(settings: Settings, tenant = localTenant): Omit<ContainerOptions, "profile"> {
  const { container = {} } = settings.environments;
  const [image, runtime] = [textOf(container["image"]), textOf(container["runtime"])];
  if (image === undefined)
    throw invalidConfig(
      "environment.container.image is missing: name an image by its digest, such as debian@sha256:…, or by its id.",
    );
  const [memory, processes, tmp] = ["memory_mb", "processes", "tmp_mb"].map((key) =>
    numberOf(container[key]),
  );
  return {
    image,
    tenant,
    pull: container["pull"] === true,
    maskPaths: [settings.home],
    // The program behind grep and glob needs nothing else of this machine.
    showPaths: [dirname(rgPath)],
    limits: {
      ...(memory === undefined ? {} : { memoryBytes: memory * 2 ** 20 }),
      ...(processes === undefined ? {} : { processes }),
      ...(tmp === undefined ? {} : { tmpBytes: tmp * 2 ** 20 }),
    },
    ...(runtime === undefined ? {} : { runtime }),
    ...engineOf(container),
  };
}

/** The self-test makes folders of its own; nothing of the workspace is touched. */
function profileOf({ profile: access, network }: Settings): EnvironmentProfile {
  return { access, workspace: tmpdir(), network };
}

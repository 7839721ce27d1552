import { tmpdir } from "node:os";

import { createLandlockDriver, openSandbox, runLandlockSelfTest } from "@tau/sandbox";
import type { EnvironmentProfile } from "@tau/tools";

import { escapeFindings, notTried } from "../doctor/escape-findings.ts";
import type { Finding } from "../doctor/finding.ts";
import { makeHome } from "../tau-home.ts";
import type { EnvironmentFile } from "./environment-file.ts";
import type { Settings } from "../settings.ts";

/** Landlock and seccomp, for machines that allow no namespaces. */
export const landlockFile: EnvironmentFile = {
  async open({ settings, profile, env, showPaths }) {
    const driver = createLandlockDriver({ maskPaths: [settings.home], showPaths, env });
    return (await openSandbox([driver], profile, new AbortController().signal)).environment;
  },
  async *check(settings) {
    await makeHome(settings.home);
    const report = await createLandlockDriver({ maskPaths: [settings.home] }).probe(
      profileOf(settings),
      new AbortController().signal,
    );
    if (!report.usable) {
      yield { check: "sandbox", result: "fault", detail: `${report.reason} ${report.remedy}`.trimEnd() };
      return;
    }
    yield { check: "sandbox", result: "ok", detail: `landlock: ${report.enforced.join("; ")}` };
    yield* gaps(report.unenforced);
  },
  async *inspect(settings) {
    await makeHome(settings.home);
    const options = { profile: profileOf(settings), maskPaths: [settings.home] };
    const results = await runLandlockSelfTest(options);
    const report = await createLandlockDriver(options).probe(options.profile, new AbortController().signal);
    yield {
      check: "driver",
      result: "ok",
      detail: `landlock, as user ${process.getuid?.() ?? "?"}, profile ${settings.profile}`,
    };
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

/** The self-test makes folders of its own; nothing of the workspace is touched. */
function profileOf({ profile: access, network }: Settings): EnvironmentProfile {
  return { access, workspace: tmpdir(), network };
}

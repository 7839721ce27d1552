import type { ExecRequest, ExecResult, GatePass, PipePool } from "@tau/tools";
import { workingDirectory } from "@tau/tools";

import { gatedRun } from "./gated-run.ts";
import type { JailVector } from "./jail-command.ts";
import { jailVector, runInJail } from "./jail-command.ts";
import type { JailSettings } from "./jail-settings.ts";
import type { JailView } from "./jail-view.ts";
import type { Protection } from "./protected-paths.ts";
import { enforceProtection, planProtection } from "./protected-paths.ts";
import { existingPaths, findSecretFiles } from "./secret-files.ts";

const defaultTmpBytes = 2 ** 30;

/** Runs commands with one set of settings. */
export interface JailRunner {
  run(request: ExecRequest, signal: AbortSignal): Promise<ExecResult>;
  /** Runs a command whose workspace is covered by a layer, so that nothing of it reaches the workspace. */
  runLayered(request: ExecRequest, layer: JailLayer, signal: AbortSignal): Promise<ExecResult>;
}

/** A layer over the workspace of one command. */
export interface JailLayer {
  /** Put before bubblewrap's command line: mounts the layer. */
  readonly wrapping: readonly string[];
  readonly identity: JailView["identity"];
}

/** Makes a {@link JailRunner}. `vectorOf` is replaced by tests that weaken the jail; `pipes` stays the caller's. */
export function createJailRunner(
  settings: JailSettings,
  vectorOf: (settings: JailSettings, view: JailView) => JailVector = jailVector,
  pipes?: PipePool,
): JailRunner {
  const launcher = { ...settings, ...(pipes === undefined ? {} : { pipes }) };
  const protection = shareProtection(settings);
  return {
    async run(request, signal) {
      signal.throwIfAborted();
      const cwd = await workingDirectory(request.cwd ?? settings.profile.workspace);
      const writable = settings.profile.access !== "read-only" && request.readOnly !== true;
      const start = async (plan?: Protection): Promise<ExecResult> =>
        await gatedRun(settings.gate, request, signal, async (pass) => {
          const view = await viewOf(settings, request, { cwd, writable, plan, pass });
          const wrapping = pass?.prefix ?? [];
          return await runInJail({ ...launcher, wrapping }, vectorOf(settings, view), request, signal);
        });
      if (!writable) return await start();
      const plan = await protection.enter();
      try {
        return await start(plan);
      } finally {
        report(request, await protection.leave());
      }
    },
    async runLayered(request, { wrapping, identity }, signal) {
      signal.throwIfAborted();
      const cwd = await workingDirectory(request.cwd ?? settings.profile.workspace);
      // What appears at protected paths appears in the layer, and is judged with everything else that is in it.
      const plan = await planProtection(settings.profile.workspace, settings.policy.protectedPaths);
      const writable = request.readOnly !== true;
      return await gatedRun(settings.gate, request, signal, async (pass) => {
        const view = await viewOf(settings, request, { cwd, writable, plan, pass });
        const vector = vectorOf(settings, { ...view, ...(identity === undefined ? {} : { identity }) });
        const outer = { ...launcher, wrapping: [...(pass?.prefix ?? []), ...wrapping] };
        return await runInJail(outer, vector, request, signal);
      });
    },
  };
}

interface Access {
  readonly cwd: string;
  readonly writable: boolean;
  readonly plan: Protection | undefined;
  readonly pass: GatePass | undefined;
}

async function viewOf(settings: JailSettings, request: ExecRequest, access: Access): Promise<JailView> {
  const { policy } = settings;
  const profile = request.network === false ? { ...settings.profile, network: false } : settings.profile;
  const secretFiles = await findSecretFiles(profile.workspace, policy.isSecretName);
  const { pass } = access;
  const masked = existingPaths([...policy.secretPaths, ...secretFiles, ...(pass?.hidden ?? [])]);
  return {
    profile,
    writable: access.writable,
    cwd: access.cwd,
    home: settings.home,
    resolver: profile.network === true ? settings.resolver : undefined,
    gated: pass !== undefined,
    replaced: pass?.files ?? [],
    variables: { ...settings.innerVariables, ...pass?.variables, ...request.env },
    shown: settings.shown,
    maskedFolders: masked.folders,
    maskedFiles: masked.files,
    pinned: access.plan?.pinned ?? [],
    readOnly: access.plan?.readOnly ?? [],
    tmpBytes: settings.limits.tmpBytes ?? defaultTmpBytes,
  };
}

type Moved = Awaited<ReturnType<typeof enforceProtection>>;

interface SharedProtection {
  enter(): Promise<Protection>;
  leave(): Promise<Moved>;
}

/**
 * Commands that run at the same time share one plan. A plan made while another command runs would trust what
 * that one is just making: a folder that it exchanges for a symlink would be mounted as if it belonged here.
 */
function shareProtection(settings: JailSettings): SharedProtection {
  const { workspace } = settings.profile;
  let users = 0;
  let plan: Promise<Protection> | undefined;
  return {
    enter() {
      users++;
      plan ??= planProtection(workspace, settings.policy.protectedPaths);
      return plan;
    },
    async leave() {
      const current = await plan;
      const moved = current === undefined ? [] : await enforceProtection(workspace, current.watched);
      users--;
      if (users === 0) plan = undefined;
      return moved;
    },
  };
}

function report(request: ExecRequest, moved: Moved): void {
  for (const { from, to } of moved) {
    const text = `tau: ${from} is protected, so what the command made there is now ${to}\n`;
    request.onOutput?.(Buffer.from(text), "stderr");
  }
}

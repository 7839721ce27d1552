import type { ExecRequest, ExecResult, PipePool, RunningProcess, StartRequest } from "@tau/tools";
import {
  createSecretFinder,
  planProtection,
  reportPutAside,
  shareProtection,
  workingDirectory,
} from "@tau/tools";

import { commandView } from "./command-view.ts";
import { enterGate, gatedRun } from "./gated-run.ts";
import { inheritedDescriptors } from "./inherited-descriptors.ts";
import type { JailVector } from "./bubblewrap-process.ts";
import { jailVector } from "./bubblewrap-process.ts";
import type { JailStart } from "./jail-command.ts";
import { runInJail, startInJail } from "./jail-command.ts";
import type { JailSettings } from "./jail-settings.ts";
import { withMountNote } from "./mount-note.ts";
import type { JailView } from "./jail-view.ts";
import { orderOf, spareLauncher } from "./spare/spare-launcher.ts";
import type { SpareJail } from "./spare/spare-jail.ts";
import type { SparesOptions, WantedJail } from "./spare/spares.ts";
import { createSpares } from "./spare/spares.ts";

/** Runs commands with one set of settings; disposed of once none runs. */
export interface JailRunner extends AsyncDisposable {
  run(request: ExecRequest, signal: AbortSignal): Promise<ExecResult>;
  start(request: StartRequest, signal: AbortSignal): Promise<RunningProcess>;
  /** Prepares at once what would be prepared soon, and waits for it. */
  hurry(): Promise<void>;
  /** Runs a command whose workspace is covered by a layer, so that nothing of it reaches the workspace. */
  runLayered(request: ExecRequest, layer: JailLayer, signal: AbortSignal): Promise<ExecResult>;
}

/** A layer over the workspace of one command. */
export interface JailLayer {
  /** Put before bubblewrap's command line: mounts the layer. */
  readonly wrapping: readonly string[];
  readonly identity: JailView["identity"];
}

/** Options of {@link createJailRunner}. */
export interface JailRunnerOptions {
  /** Stays the caller's. */
  readonly pipes?: PipePool;
  /** Has the jail of a next command prepared ahead; it waits that long. Without it, none is. */
  readonly ahead?: Omit<SparesOptions, "waiting">;
}

/** Makes a {@link JailRunner}. `vectorOf` is replaced by tests that weaken the jail. */
export function createJailRunner(
  settings: JailSettings,
  vectorOf: (settings: JailSettings, view: JailView) => JailVector = jailVector,
  { pipes, ahead }: JailRunnerOptions = {},
): JailRunner {
  const launcher = {
    ...settings,
    inherited: inheritedDescriptors(),
    ...(pipes === undefined ? {} : { pipes }),
  };
  const waiting = spareLauncher(settings);
  const spares = waiting && ahead && createSpares(launcher, { ...ahead, waiting });
  const protection = shareProtection(settings.profile.workspace, settings.policy.protectedPaths);
  const findSecrets = createSecretFinder(settings.profile.workspace, settings.policy.isSecretName);

  /** The vector that a command without a gate gets once the one of `request` has run. */
  const vectorAgain = async (
    request: Pick<StartRequest, "cwd" | "network">,
    writable: boolean,
  ): Promise<JailVector> => {
    const { workspace } = settings.profile;
    const cwd = await workingDirectory(request.cwd ?? workspace);
    const plan = writable ? planProtection(workspace, settings.policy.protectedPaths) : undefined;
    const access = { cwd, writable, plan, pass: undefined, findSecrets };
    return vectorOf(settings, await commandView(settings, request, access));
  };

  const prepare = async <Request extends StartRequest>(
    request: Request,
    signal: AbortSignal,
  ): Promise<Prepared<Request>> => {
    signal.throwIfAborted();
    const cwd = await workingDirectory(request.cwd ?? settings.profile.workspace);
    const writable = settings.profile.access !== "read-only" && request.readOnly !== true;
    const entered: (() => void | Promise<void>)[] = [];
    const leave = async (): Promise<void> => {
      for (const step of entered.toReversed()) await step();
    };
    try {
      const plan = writable ? protection.enter() : undefined;
      if (writable) entered.push(async () => reportPutAside(request, await protection.leave()));
      const gate = await enterGate(settings.gate, request, signal);
      entered.push(gate.leave);
      const { pass } = gate;
      const view = await commandView(settings, request, { cwd, writable, plan, pass, findSecrets });
      const noted = withMountNote(request, settings.profile.workspace, view.pinned);
      entered.push(noted.leave);
      const vector = vectorOf(settings, view);
      const outer = { ...launcher, wrapping: pass?.prefix ?? [] };
      const again = async (): Promise<JailVector> => await vectorAgain(request, writable);
      return { request: noted.request, vector, again, launcher: outer, gated: pass !== undefined, leave };
    } catch (error) {
      await leave();
      throw error;
    }
  };

  return {
    async run(request, signal) {
      const prepared = await prepare(request, signal);
      const order = orderFor(prepared);
      let taken: SpareJail | undefined;
      try {
        taken = order && (await spares?.take(prepared, signal));
        const spare = order && taken?.withOrder(order);
        return await runInJail({ ...prepared, spare }, prepared.request, signal);
      } catch (error) {
        await taken?.end(); // whose command, when it never began, ends nothing
        throw error;
      } finally {
        await prepared.leave();
        if (order !== undefined) spares?.ended(prepared);
      }
    },
    async start(request, signal) {
      const prepared = await prepare(request, signal);
      try {
        const { exit, ...process } = await startInJail(prepared, prepared.request, signal);
        const left = andThen(exit, prepared.leave);
        left.catch(() => undefined); // as `Environment.start` promises
        return { ...process, exit: left, kill: () => killed(process, left) };
      } catch (error) {
        await prepared.leave();
        throw error;
      }
    },
    async runLayered(request, { wrapping, identity }, signal) {
      signal.throwIfAborted();
      const cwd = await workingDirectory(request.cwd ?? settings.profile.workspace);
      // What appears at protected paths appears in the layer, and is judged with everything else that is in it.
      const plan = planProtection(settings.profile.workspace, settings.policy.protectedPaths);
      const writable = request.readOnly !== true;
      return await gatedRun(settings.gate, request, signal, async (pass) => {
        const view = await commandView(settings, request, { cwd, writable, plan, pass, findSecrets });
        const vector = vectorOf(settings, { ...view, ...(identity === undefined ? {} : { identity }) });
        const outer = { ...launcher, wrapping: [...(pass?.prefix ?? []), ...wrapping] };
        const noted = withMountNote(request, settings.profile.workspace, view.pinned);
        const result = await runInJail({ launcher: outer, vector }, noted.request, signal);
        noted.leave();
        return result;
      });
    },
    async hurry() {
      await spares?.hurry();
    },
    async [Symbol.asyncDispose]() {
      await spares?.[Symbol.asyncDispose]();
    },
  };
}

/** The words for a spare jail; undefined for a command that none can serve. Those with a gate have a network of their own. */
function orderFor({ request, vector, gated }: Prepared<ExecRequest>): Uint8Array | undefined {
  if (gated || request.stdin !== undefined) return undefined;
  return orderOf(request.argv, { ...vector.variables, ...vector.innerVariables });
}

async function andThen(exit: Promise<ExecResult>, leave: () => Promise<void>): Promise<ExecResult> {
  try {
    return await exit;
  } finally {
    await leave();
  }
}

async function killed(process: Pick<RunningProcess, "kill">, left: Promise<ExecResult>): Promise<void> {
  await process.kill();
  await Promise.allSettled([left]);
}

interface Prepared<Request extends StartRequest> extends JailStart, WantedJail {
  readonly request: Request;
  readonly gated: boolean;
  /** To be called once the process is dead. */
  leave(): Promise<void>;
}

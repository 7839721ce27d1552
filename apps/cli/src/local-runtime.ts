import { realpath } from "node:fs/promises";

import type { RetryNotice } from "@tau/agent";
import type { ContextEntry, Observer } from "@tau/core";
import type { InstructionChain } from "@tau/memory";
import { createEmbeddedEngine, createRuntime } from "@tau/runtime";
import type { AgentRegistry, Runtime } from "@tau/runtime";
import { createSqliteStore } from "@tau/store-sqlite";

import { assembleAgents } from "./assemble-agents.ts";
import { createPlanGuard } from "./bound/plan-guard.ts";
import { createReadinessGuard } from "./bound/readiness-guard.ts";
import { createRunBindings } from "./bound/run-bindings.ts";
import type { RunBindings } from "./bound/run-bindings.ts";
import { isBelow } from "./child-session.ts";
import { findSkills, noSkills } from "./find-skills.ts";
import { forgetEndedRuns } from "./forget-ended-runs.ts";
import { interruptedSessions } from "./interrupted-sessions.ts";
import type { LocalAgentOptions } from "./local-agent.ts";
import { localChain } from "./local-chain.ts";
import { instructionsFor, noInstructions } from "./memory/local-instructions.ts";
import { workspaceKey } from "./open-environment.ts";
import { startRetention } from "./retention/start-retention.ts";
import { storeDirectory } from "./tau-home.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@link openLocalRuntime}. */
export interface LocalRuntimeOptions extends LocalAgentOptions {
  /** Which sessions' interrupted runs this process takes up: those named, or those that work in its folders. */
  readonly takesUp: "in-folder" | readonly string[];
  readonly observer?: Observer;
  readonly onRetry?: (notice: RetryNotice) => void;
  /** The terminal of a person whom MCP servers may ask. */
  readonly person?: Terminal;
}

/** A runtime on this machine's store. Disposing leaves unfinished runs to whoever comes next. */
export interface LocalRuntime extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly agents: AgentRegistry;
  /** What its runs are bound to. */
  readonly bindings: RunBindings;
  /** What a session made here should begin with. */
  readonly bootstrap: readonly ContextEntry[];
  /** The same for a session that works in `folder`, absolute, as things are now. */
  readonly bootstrapIn: (folder: string) => Promise<readonly ContextEntry[]>;
  /** The sessions whose interrupted runs go on here. */
  readonly takenUp: readonly string[];
  /** How many skills wait for a person to look at them. */
  readonly waitingSkills: number;
  /** The files that tell agents how to work here. */
  readonly instructions: InstructionChain;
}

/** Chooses the concrete parts: SQLite, the embedded engine, the jail or the host, the built-in tools. */
export async function openLocalRuntime(options: LocalRuntimeOptions): Promise<LocalRuntime> {
  const { settings, observer, onRetry } = options;
  // Sessions can be looked at from a folder that is gone.
  const folder = await realpath(settings.cwd).catch(() => settings.cwd);
  // Commands that only look at sessions have no model, and need no skills.
  const { skills, found } = options.model === undefined ? noSkills : await findSkills(settings);
  const instructions = options.model === undefined ? noInstructions : await instructionsFor(settings);
  const store = await createSqliteStore({ directory: storeDirectory(settings.home) });
  const observed = observer === undefined ? {} : { observer };
  // Only a limit for a run is one for ever.
  const journal =
    settings.budget.run_cost === undefined
      ? store.journal
      : forgetEndedRuns({ journal: store.journal, ledger: store.budget, ...observed });
  const takenUp =
    options.takesUp === "in-folder"
      ? await interruptedSessions(store.journal, [folder, ...(await realFolders(settings.folders))])
      : options.takesUp;
  const engine = createEmbeddedEngine({
    journal,
    leases: store.leases,
    // And those below them, whose runs theirs wait for.
    takesUp: ({ key }) => takenUp.includes(key) || takenUp.some((one) => isBelow(key, one)),
    ...observed,
  });
  const chain = localChain({
    store,
    budget: settings.budget,
    ...observed,
    ...(onRetry === undefined ? {} : { onRetry }),
  });
  const bindings = createRunBindings(settings.home);
  const hooks = [createPlanGuard(bindings), createReadinessGuard(bindings, settings)];
  const assembled = await assembleAgents({ ...options, skills, hooks, layers: chain.layers });
  const runtime = createRuntime({
    journal,
    content: store.content,
    engine,
    agents: assembled.agents,
    ...observed,
  });
  assembled.runIn(runtime);
  // Commands that only look remove nothing.
  const retention =
    options.model === undefined
      ? undefined
      : startRetention({ home: settings.home, calls: store.calls, ...observed });
  const entriesFor = async (
    where: string,
    instructed: InstructionChain,
  ): Promise<readonly ContextEntry[]> => [
    { key: workspaceKey, content: where },
    ...(instructed === noInstructions ? [] : await entriesOf(instructed)),
    ...(await assembled.bootstrap()),
  ];
  return {
    runtime,
    agents: assembled.agents,
    bindings,
    takenUp,
    waitingSkills: found.filter(({ status }) => status === "untrusted" || status === "quarantined").length,
    instructions,
    bootstrap: await entriesFor(folder, instructions),
    bootstrapIn: async (where) => await entriesFor(where, await instructionsFor({ ...settings, cwd: where })),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
      await assembled[Symbol.asyncDispose]();
      await chain[Symbol.asyncDispose]();
      await retention?.[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Those that are there, without links. */
async function realFolders(folders: readonly string[] = []): Promise<readonly string[]> {
  const found = await Promise.all(folders.map(async (one) => await realpath(one).catch(() => [])));
  return found.flat();
}

async function entriesOf(chain: InstructionChain): Promise<readonly ContextEntry[]> {
  const { instructionEntries } = await import("@tau/memory");
  return instructionEntries(chain);
}

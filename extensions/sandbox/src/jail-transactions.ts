import type { EnvironmentInfo, ExecRequest, ExecResult, GuardedFiles, Transactions } from "@tau/tools";

import type { JailLayer } from "./jail-runner.ts";
import type { JailSettings } from "./jail-settings.ts";
import { createTransactions } from "./overlay/create-transactions.ts";
import { layerMounter } from "./overlay/layer-mount.ts";
import { createTransactionStore } from "./overlay/transaction-store.ts";

/** What of a jail its transactions use. */
export interface JailForTransactions {
  readonly settings: JailSettings;
  readonly info: EnvironmentInfo;
  readonly files: GuardedFiles;
  run(request: ExecRequest, layer: JailLayer, signal: AbortSignal): Promise<ExecResult>;
}

/**
 * Opens the transactions of a jail, after what dead processes left of earlier ones was brought to an end. Undefined
 * without a folder for them, without the programs that mount, and where commands write beyond the workspace: a layer
 * over it would not hold everything.
 */
export async function openJailTransactions(
  store: string | undefined,
  { settings, info, files, run }: JailForTransactions,
): Promise<Transactions | undefined> {
  const mounter = layerMounter();
  if (store === undefined || mounter === undefined || info.profile.access === "full") return undefined;
  const kept = createTransactionStore({ store, policy: settings.policy });
  await kept.recover(new AbortController().signal);
  const { workspace } = info.profile;
  return createTransactions(
    {
      store,
      mounter,
      info,
      files,
      run: (request, signal, stage) =>
        run(request, { wrapping: mounter.prefix(stage, workspace), identity: mounter.identity }, signal),
    },
    kept,
  );
}

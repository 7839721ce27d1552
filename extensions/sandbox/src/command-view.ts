import type { GatePass, Protection, SecretFinder, StartRequest } from "@tau/tools";
import { foldersTo, isWithin } from "@tau/tools";

import type { JailSettings } from "./jail-settings.ts";
import type { JailView } from "./jail-view.ts";
import { existingPaths } from "./secret-files.ts";
import type { MaskedPaths } from "./secret-files.ts";

const defaultTmpBytes = 2 ** 30;

/** What was decided for one command before it is looked at what there is. */
export interface Access {
  readonly cwd: string;
  readonly writable: boolean;
  readonly plan: Protection | undefined;
  readonly pass: GatePass | undefined;
  readonly findSecrets: SecretFinder;
}

/** On the way to what is protected and to secrets: parents first, because a mount covers those before it below. */
function pinnedFolders(
  workspace: string,
  plan: Protection | undefined,
  { files, folders }: MaskedPaths,
): readonly string[] {
  const holders = foldersTo(workspace, [...files, ...folders]);
  const hidden = (path: string): boolean => folders.some((folder) => isWithin(path, folder));
  return [...new Set([...(plan?.pinned ?? []), ...holders])].filter((path) => !hidden(path)).toSorted();
}

/** What a command of these settings sees now. */
export async function commandView(
  settings: JailSettings,
  request: Pick<StartRequest, "env" | "network">,
  access: Access,
): Promise<JailView> {
  const { policy } = settings;
  const profile = request.network === false ? { ...settings.profile, network: false } : settings.profile;
  const secretFiles = await access.findSecrets();
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
    pinned: access.writable ? pinnedFolders(profile.workspace, access.plan, masked) : [],
    readOnly: access.plan?.readOnly ?? [],
    tmpBytes: settings.limits.tmpBytes ?? defaultTmpBytes,
  };
}

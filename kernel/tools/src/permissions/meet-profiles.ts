import type { EnvironmentProfile, NetworkAccess } from "../environment.ts";

const width = ["read-only", "workspace-write", "full"] as const;

/**
 * The profile that includes only what both include, in the parent's workspace: what a sub-agent's environment is opened
 * with. Of two folders for plans, one that both name is left.
 */
export function meetProfiles(parent: EnvironmentProfile, child: EnvironmentProfile): EnvironmentProfile {
  const access = width.find((each) => each === parent.access || each === child.access) ?? "read-only";
  // A plan's folder is an exception of read-only; a profile that writes more has no need of one.
  const folders = [parent, child]
    .filter((each) => each.access === "read-only")
    .map((each) => each.planFolder);
  const [folder] = folders;
  return {
    access,
    workspace: parent.workspace,
    network: meetNetworks(parent.network, child.network),
    ...(folder !== undefined && folders.every((each) => each === folder) ? { planFolder: folder } : {}),
  };
}

function meetNetworks(first: NetworkAccess, second: NetworkAccess): NetworkAccess {
  if (first === false || second === false) return false;
  if (first === true) return second;
  if (second === true) return first;
  return { hosts: first.hosts.filter((host) => second.hosts.includes(host)) };
}

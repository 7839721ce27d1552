import { isBelow, isWithin } from "@tau/tools";

import type { JailView } from "./jail-view.ts";

/**
 * Descriptors that bubblewrap inherits beside the three standard ones. The last one is the command's own: `sizes` of its
 * terminal, or the `order` that a spare jail waits for.
 */
export const jailDescriptors = { arguments: 3, seccomp: 4, status: 5, sizes: 6, order: 6 } as const;

/**
 * The arguments of bubblewrap for one command, without the command and its variables.
 *
 * Safe for root: capabilities are dropped and further user namespaces refused, because root with its
 * capabilities could remount everything as writable.
 */
export function jailArguments(view: JailView): readonly string[] {
  return [
    ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    view.profile.network === true || view.gated ? [] : ["--unshare-net"],
    ["--disable-userns", "--cap-drop", "ALL", "--die-with-parent", "--new-session"],
    view.identity === undefined
      ? []
      : ["--uid", String(view.identity.uid), "--gid", String(view.identity.gid)],
    rootMounts(view),
    workspaceMounts(view),
    ["--chdir", view.cwd],
    ["--seccomp", String(jailDescriptors.seccomp), "--json-status-fd", String(jailDescriptors.status)],
  ].flat();
}

/**
 * /proc is read-only, because much of it acts on the whole machine. Root inside of the jail is root's user id outside:
 * it needs no capability to write `/proc/sys/kernel/core_pattern` and so to run a program outside.
 */
function rootMounts(view: JailView): readonly string[] {
  const full = view.profile.access === "full" && view.writable;
  const tmpBytes = String(view.tmpBytes);
  return [
    full ? ["--bind", "/", "/", "--ro-bind", "/sys", "/sys"] : ["--ro-bind", "/", "/"],
    ["--dev", "/dev", "--perms", "1777", "--size", tmpBytes, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ["--proc", "/proc", "--remount-ro", "/proc"],
    full ? [] : ["--size", tmpBytes, "--tmpfs", "/tmp"],
    ["--size", tmpBytes, "--tmpfs", "/run"],
    view.resolver === undefined ? [] : ["--ro-bind", view.resolver, view.resolver],
    view.replaced.flatMap(({ path, source }) => ["--ro-bind", source, path]),
    view.home === undefined ? [] : ["--dir", view.home],
    full ? [] : view.shown.flatMap((path) => ["--ro-bind-try", path, path]),
  ].flat();
}

/** Masks above the workspace come before it and those below come after it: later mounts cover earlier ones. */
function workspaceMounts(view: JailView): readonly string[] {
  const { workspace } = view.profile;
  const above = (path: string): boolean => isWithin(workspace, path);
  return [
    masks(view, above),
    [view.writable ? "--bind" : "--ro-bind", workspace, workspace],
    view.pinned.flatMap((path) => ["--bind", path, path]),
    view.readOnly.flatMap((path) => ["--ro-bind", path, path]),
    masks(view, (path) => !above(path)),
  ].flat();
}

function masks(view: JailView, wanted: (path: string) => boolean): readonly string[] {
  // What lies in a masked folder is hidden with it, and nothing can be mounted there any more.
  const isHidden = (path: string): boolean => view.maskedFolders.some((folder) => isBelow(path, folder));
  const folders = view.maskedFolders.filter((path) => wanted(path) && !isHidden(path));
  const files = view.maskedFiles.filter((path) => wanted(path) && !isHidden(path));
  return [
    folders.flatMap((path) => ["--perms", "0555", "--tmpfs", path, "--remount-ro", path]),
    files.flatMap((path) => ["--ro-bind", "/dev/null", path]),
  ].flat();
}

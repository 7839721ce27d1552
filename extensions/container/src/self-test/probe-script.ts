/** What each probe tries, by name; also the order in which results are listed. */
export const probes = {
  capabilities: "holds a capability",
  privileges: "gains privileges through setuid programs",
  seccomp: "runs without a seccomp filter",
  workspace: "sees another workspace than this machine's",
  write_outside: "writes a file outside of the workspace",
  image: "writes a file of the image",
  remount: "mounts the root again as writable and writes",
  mount: "mounts a file system",
  kernel_settings: "opens a setting of the kernel for writing",
  kernel_files: "writes into /sys, or makes a control group",
  devices: "opens a disk, or the kernel's memory",
  device_node: "makes a device",
  engine_socket: "finds the engine's socket",
  protected_path: "writes the workspace's .git/config and .git/hooks",
  protected_parent: "moves the workspace's .git away",
  protected_new: "makes a .tau folder in the workspace that stays there",
  read_only_workspace: "writes the workspace under the read-only profile",
  masked_file: "reads the workspace's .env",
  masked_moved: "moves the workspace's .env to where it can be read",
  environment: "finds Tau's variables in /proc",
  process_namespace: "shares the machine's process ids",
  ipc_namespace: "shares the machine's shared memory",
  network_interface: "has a network interface",
  network: "connects to a port of the machine",
  user_namespace: "makes a user namespace and is root in it",
  supervisor: "kills the first process of the container",
  user: "is root although the workspace is not root's",
} as const;

/**
 * The attempts to get out, as a POSIX shell script run inside of a container. Prints `<probe> escaped|held|not_probed`
 * lines. Whatever works is harmless: it writes into folders that the self-test made for it, or opens without writing.
 */
export const probeScript: string = String.raw`
say() { printf '%s %s\n' "$1" "$2"; }
try() { name=$1; shift; if "$@" >/dev/null 2>&1; then say "$name" escaped; else say "$name" held; fi; }
has() { command -v "$1" >/dev/null 2>&1; }
write() { ( : > "$1" ) 2>/dev/null; }
append() { ( : >> "$1" ) 2>/dev/null; }
field() { while read -r key value; do if [ "$key" = "$1:" ]; then printf '%s' "$value"; fi; done < /proc/self/status; }

any_capability() { case "$(field CapEff)$(field CapPrm)$(field CapBnd)$(field CapAmb)" in *[!0]*) return 0;; esac; return 1; }
may_gain() { [ "$(field NoNewPrivs)" != 1 ]; }
unfiltered() { [ "$(field Seccomp)" != 2 ]; }
try capabilities any_capability
try privileges may_gain
if [ -n "$(field Seccomp)" ]; then try seccomp unfiltered; else say seccomp not_probed; fi

differs() { read -r word < "$PROBE_WORKSPACE/token"; [ "$word" != "$PROBE_TOKEN" ]; }
try workspace differs
outside() { mkdir -p "$PROBE_OUTSIDE"; write "$PROBE_OUTSIDE/written"; false; }
try write_outside outside
image() { for folder in / /bin /etc /usr /var; do write "$folder/tau-probe" && return 0; done; return 1; }
if [ "$PROBE_FULL" = yes ]; then say image not_probed; else try image image; fi
mounting() { mount -t tmpfs none "$PROBE_WORKSPACE/mountpoint"; }
remounting() { mount -o remount,bind,rw /; mount -o remount,rw /; image; }
if has mount; then
  try mount mounting
  if [ "$PROBE_FULL" = yes ]; then say remount not_probed; else try remount remounting; fi
else say mount not_probed; say remount not_probed; fi
settings() { for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/overcommit_memory /proc/sysrq-trigger; do append "$file" && return 0; done; return 1; }
try kernel_settings settings
kernel() { for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir "$folder/tau-probe" || continue; if [ -e "$folder/tau-probe/cgroup.procs" ]; then rmdir "$folder/tau-probe"; return 0; fi; rmdir "$folder/tau-probe"; done; for file in /sys/kernel/uevent_helper /sys/power/state /sys/fs/cgroup/release_agent /sys/fs/cgroup/*/release_agent; do [ -e "$file" ] && append "$file" && return 0; done; return 1; }
try kernel_files kernel
disks() { for file in /dev/sd? /dev/vd? /dev/nvme?n? /dev/mem /dev/kmem /dev/kvm /dev/kmsg /dev/fuse /dev/net/tun /dev/loop-control /proc/kcore; do [ -e "$file" ] && ( : < "$file" ) 2>/dev/null && [ -s "$file" -o -c "$file" -o -b "$file" ] && return 0; done; return 1; }
try devices disks
node() { mknod /tmp/disk b 8 0; }
if has mknod; then try device_node node; else say device_node not_probed; fi
sockets() { for file in /run/docker.sock /var/run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock "$PROBE_SOCKET"; do [ -S "$file" ] && return 0; done; return 1; }
try engine_socket sockets

guarded() { append "$PROBE_WORKSPACE/.git/config" || write "$PROBE_WORKSPACE/.git/hooks/post-checkout"; }
moving() { mv "$PROBE_WORKSPACE/.git" "$PROBE_WORKSPACE/.git-moved"; }
try protected_path guarded
try protected_parent moving
mkdir "$PROBE_WORKSPACE/.tau" 2>/dev/null && write "$PROBE_WORKSPACE/.tau/settings"; say protected_new held
try read_only_workspace write "$PROBE_WORKSPACE/written"
shows() { while read -r line || [ -n "$line" ]; do case "$line" in *"$PROBE_HALF-$PROBE_OTHER_HALF"*) return 0;; esac; done < "$1"; return 1; }
try masked_file shows "$PROBE_WORKSPACE/.env"
uncovered() { mv "$PROBE_WORKSPACE/.env" "$PROBE_WORKSPACE/env"; umount "$PROBE_WORKSPACE/.env"; shows "$PROBE_WORKSPACE/env" || shows "$PROBE_WORKSPACE/.env"; }
try masked_moved uncovered
environments() { for file in /proc/[0-9]*/environ; do tr '\0' '\n' < "$file" | grep -q -e "$PROBE_HALF-$PROBE_OTHER_HALF" && return 0; done; return 1; }
if has tr && has grep; then try environment environments; else say environment not_probed; fi
same() { [ "$(readlink "/proc/self/ns/$1")" = "$2" ]; }
if has readlink; then
  try process_namespace same pid "$PROBE_PID_NAMESPACE"
  try ipc_namespace same ipc "$PROBE_IPC_NAMESPACE"
else say process_namespace not_probed; say ipc_namespace not_probed; fi
interfaces() { while read -r link rest; do case "$link" in lo:*|Inter-*|face*) ;; *:*) return 0;; esac; done < /proc/net/dev; return 1; }
try network_interface interfaces
if has nc; then nc -w 2 127.0.0.1 "$PROBE_PORT" < /dev/null >/dev/null 2>&1; say network held
elif has bash; then bash -c "exec 3<>/dev/tcp/127.0.0.1/$PROBE_PORT" >/dev/null 2>&1; say network held
else say network not_probed; fi
spaces() { unshare -Ur sh -c 'grep -q "^CapEff:.*[1-9a-f]" /proc/self/status'; }
if ! has unshare || ! has grep; then say user_namespace not_probed; elif spaces >/dev/null 2>&1; then say user_namespace allowed; else say user_namespace held; fi
kill -KILL 1 2>/dev/null
gone() { ! [ -d /proc/1 ]; }
try supervisor gone
root() { case "$(field Uid)" in 0*) return 0;; esac; return 1; }
if [ "$PROBE_USER" = root ]; then say user not_probed; else try user root; fi
`;

/**
 * The attempts to get out, as a POSIX shell script run inside of the jail.
 *
 * Prints `<probe> escaped|held|not_probed` lines. Whatever works is harmless: it writes into folders that the
 * self-test made for it, or opens without writing. Perl makes the system calls, since it is nearly everywhere;
 * where it is not, those probes say so.
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
try seccomp unfiltered

try write_outside write "$PROBE_OUTSIDE/written"
mounting() { mount -t tmpfs none "$PROBE_WORKSPACE/mountpoint"; }
remounting() { mount -o remount,bind,rw /; mount -o remount,rw /; write "$PROBE_OUTSIDE/remounted"; }
if has mount; then try mount mounting; try remount remounting; else say mount not_probed; say remount not_probed; fi
settings() { for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/overcommit_memory /proc/sysrq-trigger /sys/kernel/uevent_helper /sys/power/state; do append "$file" && return 0; done; return 1; }
try kernel_settings settings
disks() { for file in /dev/sd? /dev/vd? /dev/nvme?n? /dev/mem /dev/kmem /dev/kvm /dev/kmsg; do [ -e "$file" ] && ( : < "$file" ) 2>/dev/null && return 0; done; return 1; }
try devices disks

guarded() { append "$PROBE_WORKSPACE/.git/config" || write "$PROBE_WORKSPACE/.git/hooks/post-checkout"; }
moving() { mv "$PROBE_WORKSPACE/.git" "$PROBE_WORKSPACE/.git-moved"; }
try protected_path guarded
try protected_parent moving
try read_only_workspace write "$PROBE_WORKSPACE/written"

shows() { while read -r line || [ -n "$line" ]; do case "$line" in *"$PROBE_HALF-$PROBE_OTHER_HALF"*) return 0;; esac; done < "$1"; return 1; }
try masked_folder shows "$PROBE_SECRETS/key"
try masked_file shows "$PROBE_WORKSPACE/.env"
try masked_by_root_link shows "/proc/1/root$PROBE_SECRETS/key"
environments() { for file in /proc/[0-9]*/environ; do tr '\0' '\n' < "$file" | grep -q -e "$PROBE_HALF-$PROBE_OTHER_HALF" && return 0; done; return 1; }
try environment environments

same_pids() { [ "$(readlink /proc/self/ns/pid)" = "$PROBE_PID_NAMESPACE" ]; }
same_ipc() { [ "$(readlink /proc/self/ns/ipc)" = "$PROBE_IPC_NAMESPACE" ]; }
try process_namespace same_pids
try ipc_namespace same_ipc

nested() { "$PROBE_BWRAP" --unshare-user --bind / / true; }
try nested_jail nested

if has perl; then perl -e "$PROBE_PERL"; else
  for name in network unix_socket ptrace process_memory user_namespace mount_syscall io_uring keyring userfaultfd bpf terminal_input; do say "$name" not_probed; done
fi
`;

/**
 * The probes that need system calls. Each runs in a child, because some would change or stop the caller. A call
 * is refused when it fails with EPERM or ENOSYS (or, for a filter that kills, when the child dies): any other
 * failure means that the kernel looked at the arguments.
 */
export const perlScript: string = String.raw`
use strict;
$| = 1;
sub try {
  my ($name, $attempt) = @_;
  my $pid = fork();
  if ($pid == 0) { $! = 0; my $done = $attempt->(); my $error = $! + 0; exit($done || ($error != 1 && $error != 38) ? 9 : 0); }
  waitpid($pid, 0);
  print "$name ", (($? >> 8) == 9 ? "escaped" : "held"), "\n";
}
sub reaches {
  my ($name, $attempt) = @_;
  my $pid = fork();
  if ($pid == 0) { exit($attempt->() ? 9 : 0); }
  waitpid($pid, 0);
  print "$name ", (($? >> 8) == 9 ? "escaped" : "held"), "\n";
}
sub call { my ($number, @arguments) = @_; return syscall($number, @arguments) != -1; }
my %number = split /[=,]/, $ENV{PROBE_SYSCALLS};
reaches("network", sub { my $s; socket($s, 2, 1, 0) && connect($s, pack("S n C4 x8", 2, $ENV{PROBE_PORT}, 127, 0, 0, 1)) });
reaches("unix_socket", sub { my $s; socket($s, 1, 1, 0) && connect($s, pack("S a108", 1, $ENV{PROBE_SOCKET})) });
try("ptrace", sub { call($number{ptrace}, 0, 0, 0, 0) });
try("process_memory", sub { call($number{process_vm_readv}, $$, 0, 0, 0, 0, 0) });
try("user_namespace", sub { call($number{unshare}, 0x10000000) });
try("mount_syscall", sub { my ($source, $target, $kind) = ("none", "$ENV{PROBE_WORKSPACE}", "tmpfs"); call($number{mount}, $source, $target, $kind, 0, 0) });
try("io_uring", sub { call($number{io_uring_setup}, 1, 0) });
try("keyring", sub { call($number{keyctl}, 0, -3, 1) });
try("userfaultfd", sub { call($number{userfaultfd}, 1) });
try("bpf", sub { call($number{bpf}, 0, 0, 0) });
reaches("terminal_input", sub { my ($t, $c) = (undef, "x"); open($t, "+<", "/dev/tty") && ioctl($t, 0x5412, $c) });
`;

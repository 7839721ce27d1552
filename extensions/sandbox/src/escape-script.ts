/**
 * The escapes that only the full suite tries, in the words of {@link probeScript} and after it. What works leaves nothing
 * behind but in folders that the suite made for it, inside of a jail: never run it as root without one.
 */
export const escapeScript: string = String.raw`
keep="$PROBE_OUTSIDE/keep"
scratch="$PROBE_WORKSPACE"; write "$scratch/scratch" || scratch=/tmp
try outside_folder mkdir "$PROBE_OUTSIDE/made"
try outside_mode chmod 777 "$keep"
try outside_times touch -d @1 "$keep"
by_link() { ln -s "$PROBE_OUTSIDE/by-link" "$scratch/out" && write "$scratch/out"; }
try outside_by_link by_link
try outside_by_hard_link ln "$keep" "$PROBE_WORKSPACE/hard"
try outside_removed rm "$keep"
try outside_by_root_link write "/proc/self/root$PROBE_OUTSIDE/by-root"
by_folder() { cd "$PROBE_WORKSPACE" && write "/proc/self/cwd/../outside/by-folder"; }
try outside_by_folder_link by_folder
moved() { mv "$PROBE_WORKSPACE" "$PROBE_WORKSPACE-moved"; }
try workspace_moved moved
write "/tmp/tau-probe-$PROBE_HALF"; say temporary_file held
write "/dev/shm/tau-probe-$PROBE_HALF"; say shared_memory held
listed() { for file in "$1"/* "$1"/.[!.]*; do [ -e "$file" ] && return 0; done; return 1; }
# /run/mount is what the mount of the probes before leaves there.
runs() { for file in /run/*; do [ -e "$file" ] && [ "$file" != /run/mount ] && return 0; done; return 1; }
try run_folder runs

device() { mknod "$scratch/disk" b 8 0 || mknod "$scratch/memory" c 1 1; }
if has mknod; then try device_node device; else say device_node not_probed; fi
user_id() { write "$scratch/program"; chmod 4755 "$scratch/program"; [ -u "$scratch/program" ]; }
try set_user_id user_id
opens() { [ -e "$1" ] && ( : <> "$1" ) 2>/dev/null; }
try loop_device opens /dev/loop-control
try fuse_device opens /dev/fuse
try tunnel_device opens /dev/net/tun
try kernel_memory head -c 1 /proc/kcore
traces() { for file in /sys/kernel/tracing/trace_marker /sys/kernel/tracing/tracing_on /sys/kernel/debug/tracing/trace_marker; do append "$file" && return 0; done; return 1; }
try tracing traces
groups() { for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir "$folder/tau-probe" && rmdir "$folder/tau-probe" && return 0; done; return 1; }
try cgroup groups
agents() { for file in /sys/fs/cgroup/release_agent /sys/fs/cgroup/*/release_agent; do append "$file" && return 0; done; return 1; }
try release_agent agents
try program_formats append /proc/sys/fs/binfmt_misc/register
maps() { echo "0 0 1" > /proc/self/uid_map; }
try user_mapping maps
spared() { echo -1000 > /proc/self/oom_score_adj; }
try out_of_memory spared
if has renice; then try priority renice -n -5 -p $$; else say priority not_probed; fi
raises() { ( ulimit -c unlimited ); }
try raised_limit raises
unbound() { while read -r one two three rest; do case "$one $two $three" in "Max processes unlimited") return 0;; esac; done < /proc/self/limits; return 1; }
try process_limit unbound

if [ "$PROBE_PID" -gt 500 ]; then try host_process [ -d "/proc/$PROBE_PID" ]; try host_signal kill -0 "$PROBE_PID"; else say host_process not_probed; say host_signal not_probed; fi
lines() { for file in /proc/[0-9]*/cmdline; do tr '\0' '\n' < "$file" | grep -q -e "$PROBE_HALF-$PROBE_OTHER_HALF" && return 0; done; return 1; }
try command_line lines

seen_by() { ln $1 "$2" "$scratch/$3" && shows "$scratch/$3"; }
try masked_by_link seen_by -s "$PROBE_SECRETS/key" soft-key
try masked_by_hard_link seen_by "" "$PROBE_WORKSPACE/.env" hard-env
unmasked() { umount "$PROBE_WORKSPACE/.env"; shows "$PROBE_WORKSPACE/.env"; }
if has umount; then try masked_unmounted unmasked; else say masked_unmounted not_probed; fi
uncovered() { mv "$PROBE_WORKSPACE/.env" "$PROBE_WORKSPACE/env"; shows "$PROBE_WORKSPACE/env"; }
try masked_moved uncovered
try masked_listed listed "$PROBE_SECRETS"
twice() { ln "$PROBE_WORKSPACE/.git/config" "$PROBE_WORKSPACE/config" && append "$PROBE_WORKSPACE/config"; }
try protected_by_hard_link twice
exchanged() { mv "$PROBE_WORKSPACE/.git/hooks" "$PROBE_WORKSPACE/.git/old"; }
try protected_exchanged exchanged
try protected_removed rm "$PROBE_WORKSPACE/.git/config"
mkdir "$PROBE_WORKSPACE/.tau" 2>/dev/null && write "$PROBE_WORKSPACE/.tau/settings"; say protected_new held
interfaces() { while read -r link rest; do case "$link" in lo:*|Inter-*|face*) ;; *:*) return 0;; esac; done < /proc/net/dev; return 1; }
try network_interface interfaces

if has perl; then perl -e "$PROBE_ESCAPE_PERL"; else
  for name in $PROBE_PERL_NAMES; do say "$name" not_probed; done
fi
`;

/** The escapes that need system calls. The calls that are only named have arguments that change nothing. */
export const escapePerl: string = String.raw`
use strict;
$| = 1;
my %number = split /[=,]/, $ENV{PROBE_SYSCALLS};
sub told { print "$_[0] ", ($_[1] ? "escaped" : "held"), "\n"; }
sub apart { my ($name, $attempt) = @_; my $pid = fork(); if ($pid == 0) { exit($attempt->() ? 9 : 0); } waitpid($pid, 0); told($name, ($? >> 8) == 9); }
sub looked { my $error = $! + 0; return $_[0] != -1 || ($error != 1 && $error != 38); }
sub made { my ($family, $type, $protocol) = @_; $! = 0; my $done = socket(my $s, $family, $type, $protocol); return looked($done ? 0 : -1); }
for my $name (split / /, $ENV{PROBE_TRIED}) {
  my $number = $number{$name};
  if ($number < 0) { print "syscall_$name not_probed\n"; next; }
  apart("syscall_$name", sub { $! = 0; return looked(syscall($number, 0, -1, 0, 0, 0, 0)); });
}
apart("network_datagram", sub { my $s; socket($s, 2, 2, 0) && send($s, "tau", 0, pack("S n C4 x8", 2, $ENV{PROBE_DATAGRAM_PORT}, 127, 0, 0, 1)); return 0; });
apart("descriptors", sub {
  opendir(my $folder, "/proc/self/fd");
  for my $number (readdir $folder) {
    next unless $number =~ /^\d+$/ && $number > 2;
    my $file = readlink("/proc/self/fd/$number");
    return 1 if defined $file && $file !~ m{^/proc/|^/dev/null$};
  }
  return 0;
});
apart("raw_socket", sub { socket(my $s, 2, 3, 1) });
apart("packet_socket", sub { made(17, 3, 0) });
apart("vsock_socket", sub { made(40, 1, 0) });
apart("netlink_socket", sub { made(16, 3, 16) });
apart("crypto_socket", sub { made(38, 5, 0) });
apart("abstract_socket", sub { my $s; socket($s, 1, 1, 0) && connect($s, pack("S a*", 1, "\0tau-probe-$ENV{PROBE_HALF}")) });
apart("new_namespace", sub { my $pid = syscall($number{clone}, 0x10000000 | 17, 0, 0, 0, 0); exit(0) if $pid == 0; waitpid($pid, 0) if $pid > 0; return $pid > 0; });
if ($ENV{PROBE_FOREIGN} eq "") { print "foreign_calls not_probed\n"; } else { apart("foreign_calls", sub { $! = 0; return looked(syscall(0x40000000 + $ENV{PROBE_FOREIGN})); }); }
`;

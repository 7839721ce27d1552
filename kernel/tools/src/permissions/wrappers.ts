/** How the arguments of a program that runs another one are laid out. */
export interface Wrapper {
  /** Options without a value. */
  readonly flags?: string;
  /** Options followed by a value. */
  readonly options?: string;
  /** Words before the command, such as the duration of `timeout`. */
  readonly operands?: number;
  /** Whether `NAME=value` words come before the command. */
  readonly assignments?: boolean;
  /** Whether running the command is all it does. */
  readonly transparent?: boolean;
  /** Whether it adds words of its own to the command. */
  readonly addsWords?: boolean;
}

const wrappers: Readonly<Record<string, Wrapper>> = {
  env: {
    flags: "- -i --ignore-environment -0 --null -v --debug",
    options: "-u --unset",
    assignments: true,
    transparent: true,
  },
  timeout: {
    flags: "--foreground --preserve-status -v --verbose -f -p",
    options: "-s --signal -k --kill-after",
    operands: 1,
    transparent: true,
  },
  nice: { options: "-n --adjustment", transparent: true },
  nohup: { transparent: true },
  time: { flags: "-p -v --verbose --portability", options: "-f --format", transparent: true },
  stdbuf: { options: "-i --input -o --output -e --error", transparent: true },
  command: { flags: "-p", transparent: true },
  builtin: { transparent: true },
  exec: { flags: "-c -l", options: "-a", transparent: true },
  setsid: { flags: "-c --ctty -f --fork -w --wait", transparent: true },
  ionice: { flags: "-t --ignore", options: "-c --class -n --classdata", transparent: true },
  busybox: {},
  toybox: {},
  chroot: { options: "--groups --userspec", flags: "--skip-chdir", operands: 1 },
  chrt: { flags: "-b -f -i -o -r --batch --fifo --idle --other --rr", operands: 1 },
  taskset: { flags: "-a -c", operands: 1 },
  doas: { flags: "-n", options: "-u -C" },
  sudo: {
    flags: "-A -b -E -H -k -K -n -P -S -B --askpass --background --preserve-env --set-home --non-interactive",
    options: "-C -D -g -h -p -R -r -T -t -U -u --chdir --group --host --prompt --user",
    assignments: true,
  },
  xargs: {
    flags: "-0 -r -t -p -x --null --no-run-if-empty --verbose --interactive --exit --open-tty -o",
    options:
      "-a -d -E -I -L -n -P -s --arg-file --delimiter --max-args --max-chars --max-lines --max-procs --replace",
    addsWords: true,
  },
};

/** Programs that run a command given in their arguments, in ways too many to read: any argument may begin it. */
const launchers = new Set(
  `at batch bunx bundle caffeinate cgexec chpst coreutils daemonize dbus-run-session direnv doas dtach entr expect
  fakeroot firejail flock gdb gosu ld.so linux32 linux64 lldb ltrace mise nix nix-shell npx nsenter numactl parallel
  pdm perf pipenv pipx pkexec pnpx poetry prlimit proot proxychains proxychains4 rlwrap rtx runas runcon
  runuser rye screen script setarch setpriv sg socat ssh ssh-agent start-stop-daemon strace su su-exec systemd-run tini tmux torsocks tsocks
  unbuffer unshare uv uvx valgrind watch xvfb-run`.split(/\s+/),
);

/** How `program` is read when it runs another one by its layout; absent for all others. */
export function wrapperOf(program: string): Wrapper | undefined {
  return Object.hasOwn(wrappers, program) ? wrappers[program] : undefined;
}

/** Tells whether any argument of `program` may begin another command. */
export function isLauncher(program: string): boolean {
  return launchers.has(program) || /^ld(-linux.*|-musl.*)?\.so/.test(program);
}

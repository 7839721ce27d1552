import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as others } from "node:timers/promises";

import type { ExecRequest } from "@tau/tools";
import { createPipePool, killQuietly } from "@tau/tools";

import { jailVector } from "../bubblewrap-process.ts";
import type { JailLimits } from "../jail-options.ts";
import type { JailRunner, JailRunnerOptions } from "../jail-runner.ts";
import { createJailRunner } from "../jail-runner.ts";
import { jailSettings } from "../jail-settings.ts";
import { circumstances } from "./circumstances.ts";

type Files = Readonly<Record<string, string>>;
type Request = Partial<Omit<ExecRequest, "argv">>;

/** A workspace with a folder of secrets beside it, and what runs commands in it. */
export interface TrialPlace extends AsyncDisposable {
  readonly workspace: string;
  /** Writes `text` below the workspace, or beside it. */
  write(path: string, text: string): void;
  at(path: string): string;
  /** Another runner of the same kind. */
  runner(options?: JailRunnerOptions): TrialRunner;
}

/** A runner whose commands say `ahead` first when their jail was prepared, else `cold`. */
export interface TrialRunner {
  readonly jail: JailRunner;
  bash(line: string, request?: Request): Promise<string>;
  /** Runs a command, and has the jail of the next one prepared. */
  warm(request?: Request): Promise<void>;
}

/** What jails of tests were compared by. */
const seen = new Set<string | undefined>();

/** How jails of tests are prepared. */
export const ahead = {
  idleMs: 120_000, // long enough for every test
  circumstances(): string | undefined {
    const now = circumstances();
    seen.add(now);
    return now;
  },
} as const;

const mostAgain = 20;

/**
 * Tries again what failed after the circumstances had changed: whoever mounts something on this machine meanwhile has a jail
 * that waits refused, and rightly so.
 */
export async function undisturbed<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let again = mostAgain; ; again--) {
    seen.clear();
    try {
      return await attempt();
    } catch (error) {
      if (seen.size < 2 || again === 0) throw error;
    }
  }
}

export async function trialPlace(
  files: Files = {},
  access: "read-only" | "workspace-write" | "full" = "workspace-write",
  limits: JailLimits = {},
): Promise<TrialPlace> {
  const base = await realpath(await mkdtemp("/var/tmp/tau-spare-test-"));
  const workspace = join(base, "workspace");
  const at = (path: string): string => join(workspace, path);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  };
  for (const [path, text] of Object.entries({ "a.txt": "a\n", "../secrets/key": "hush\n", ...files }))
    write(path, text);
  const settings = jailSettings({
    profile: { access, network: false, workspace },
    limits,
    maskPaths: [join(base, "secrets"), join(base, "later")],
  });
  const runners: JailRunner[] = [];
  const pipes = createPipePool();
  return {
    workspace,
    at,
    write,
    runner(options = { ahead }) {
      const jail = createJailRunner(settings, jailVector, { pipes, ...options });
      runners.push(jail);
      return trialRunner(jail);
    },
    async [Symbol.asyncDispose]() {
      for (const runner of runners) await runner[Symbol.asyncDispose]();
      pipes[Symbol.dispose]();
      await rm(base, { recursive: true, force: true });
    },
  };
}

function trialRunner(jail: JailRunner): TrialRunner {
  const bash = async (line: string, request: Request = {}): Promise<string> => {
    let said = "";
    const told = "grep -qa 'sysw[r]ite' /proc/1/cmdline && echo ahead || echo cold";
    const result = await jail.run(
      {
        timeoutMs: 60_000,
        ...request,
        // Two streams have no order.
        argv: ["bash", "-c", `exec 2>&1; ${told}; ${line}`],
        onOutput: (chunk) => {
          said += Buffer.from(chunk).toString();
        },
      },
      new AbortController().signal,
    );
    return `${said}exit ${result.exitCode}`;
  };
  return {
    jail,
    bash,
    async warm(request) {
      await bash("true", request);
      await jail.hurry();
    },
  };
}

/** The processes below this one that belong to jails which wait for a command. */
export function waitingProcesses(): readonly number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/u.test(name))
      .map((name) => [Number(name), Number(read(`/proc/${name}/stat`).split(") ").at(-1)?.split(" ")[1])]),
  );
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === process.pid || (parent !== undefined && parent > 1 && isOurs(parent));
  };
  return [...parents.keys()].filter(
    (pid) => isOurs(pid) && read(`/proc/${pid}/cmdline`).includes("syswrite"),
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // gone
  }
}

/** What happens between the moment in which a jail is prepared and its command. */
interface Trial {
  readonly files?: Files;
  readonly between: (place: TrialPlace) => void | Promise<void>;
  readonly afterwards?: () => void;
  /** The folder of the command, below the workspace. */
  readonly cwd?: string;
  readonly request?: Request;
  readonly line: string;
  /** All that the command says. */
  readonly says: string;
}

const secret = { "config/.env": "TOKEN=hush\n" };
const git = { ".git/config": "[core]\n", ".git/HEAD": "x\n" };
const readsSecret = "cat config/.env";
const hidden = "cold\ncat: config/.env: Permission denied\nexit 1";
const writesGit = "echo evil >> .git/config; cat .git/config";
const umask = process.umask();

export const trials: Readonly<Record<string, Trial>> = {
  "nothing happened": {
    files: { ...secret, ...git },
    between: () => undefined,
    line: `${readsSecret}; echo evil >> .git/config; echo b > b.txt; cat b.txt`,
    says: "ahead\ncat: config/.env: Permission denied\nbash: line 1: .git/config: Read-only file system\nb\nexit 0",
  },
  "a file changed that is nothing special": {
    between: ({ write }) => write("a.txt", "changed\n"),
    line: "cat a.txt",
    says: "ahead\nchanged\nexit 0",
  },
  "a secret appeared": {
    between: ({ write }) => write("config/.env", "TOKEN=hush\n"),
    line: readsSecret,
    says: hidden,
  },
  "another file was renamed over a secret": {
    files: secret,
    between({ write, at }) {
      write("config/new", "TOKEN=hush\n");
      renameSync(at("config/new"), at("config/.env"));
    },
    line: readsSecret,
    says: hidden,
  },
  "a secret was removed and made again": {
    files: secret,
    between({ write, at }) {
      rmSync(at("config/.env"));
      write("config/.env", "TOKEN=hush\n");
    },
    line: readsSecret,
    says: hidden,
  },
  "a secret went and came back under its name": {
    files: secret,
    between({ at }) {
      linkSync(at("config/.env"), at("config/other"));
      rmSync(at("config/.env"));
      renameSync(at("config/other"), at("config/.env"));
    },
    line: readsSecret,
    says: hidden,
  },
  "another folder took the place of a secret's": {
    files: { ...secret, "dist/.env": "TOKEN=hush\n" },
    between({ at }) {
      renameSync(at("config"), at("build"));
      renameSync(at("dist"), at("config"));
      renameSync(at("build"), at("dist"));
    },
    line: readsSecret,
    says: hidden,
  },
  "a masked folder was exchanged": {
    between({ write, at }) {
      renameSync(at("../secrets"), at("../old"));
      write("../secrets/key", "hush\n");
    },
    line: "cat ../secrets/key",
    says: "cold\ncat: ../secrets/key: No such file or directory\nexit 1",
  },
  "a masked folder appeared": {
    between: ({ write }) => write("../later/key", "hush\n"),
    line: "cat ../later/key",
    says: "cold\ncat: ../later/key: No such file or directory\nexit 1",
  },
  "a protected path appeared": {
    between: ({ write }) => write(".git/config", "[core]\n"),
    line: writesGit,
    says: "cold\nbash: line 1: .git/config: Read-only file system\n[core]\nexit 0",
  },
  "another file was renamed over a protected one": {
    files: git,
    between({ write, at }) {
      write(".git/config.lock", "[new]\n");
      renameSync(at(".git/config.lock"), at(".git/config"));
    },
    line: writesGit,
    says: "cold\nbash: line 1: .git/config: Read-only file system\n[new]\nexit 0",
  },
  "the folder of a protected path was exchanged": {
    files: git,
    between({ write, at }) {
      renameSync(at(".git"), at("old"));
      write(".git/config", "[new]\n");
    },
    line: writesGit,
    says: "cold\nbash: line 1: .git/config: Read-only file system\n[new]\nexit 0",
  },
  "another workspace took its place": {
    between({ write, workspace }) {
      renameSync(workspace, `${workspace}-old`);
      write("b.txt", "new\n");
    },
    line: "cat *; echo c > c.txt; cat c.txt",
    says: "cold\nnew\nc\nexit 0",
  },
  "another folder took the place of the command's": {
    files: { "sub/file": "old\n" },
    cwd: "sub",
    between({ write, at }) {
      renameSync(at("sub"), at("old"));
      write("sub/file", "new\n");
    },
    line: "cat file",
    says: "cold\nnew\nexit 0",
  },
  "a command came that only reads": {
    between: () => undefined,
    request: { readOnly: true },
    line: "echo b > b.txt",
    says: "cold\nbash: line 1: b.txt: Read-only file system\nexit 1",
  },
  "a command came with input": {
    between: () => undefined,
    request: { stdin: "input" },
    line: "cat",
    says: "cold\ninputexit 0",
  },
  "this process took another umask": {
    between: () => void process.umask(0o077),
    afterwards: () => void process.umask(umask),
    line: "umask",
    says: "cold\n0077\nexit 0",
  },
  "the jail that waited was killed": {
    between: async () => {
      for (const pid of waitingProcesses()) killQuietly(pid, "SIGKILL");
      while (waitingProcesses().length > 0) await others();
    },
    line: "cat a.txt",
    says: "cold\na\nexit 0",
  },
};

/** What a command said after a trial. */
export async function tried({
  files = {},
  between,
  afterwards,
  cwd,
  request = {},
  line,
}: Trial): Promise<string> {
  await using place = await trialPlace(files);
  const there = cwd === undefined ? {} : { cwd: place.at(cwd) };
  const runner = place.runner();
  await runner.warm(there);
  try {
    await between(place);
    return await runner.bash(line, { ...there, ...request });
  } finally {
    afterwards?.();
  }
}

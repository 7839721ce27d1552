import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { setImmediate as others } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { isTauError } from "@tau/core";
import type { ExecRequest } from "@tau/tools";
import { describeEnvironment } from "@tau/tools/testing";
import { describe, expect, it } from "vitest";

import { jailVector } from "../bubblewrap-process.ts";
import { openJail } from "../create-jail.ts";
import type { JailRunner } from "../jail-runner.ts";
import { startTime } from "../process-start.ts";
import { fullSuite, probeJail, quickSuite } from "../self-test.ts";
import { ahead, trialPlace, undisturbed, waitingProcesses } from "./trials.test.support.ts";

const never = new AbortController().signal;
/** A bound only. */
const patient = { timeout: 60_000 } as const;
const isRoot = process.getuid?.() === 0;

describeEnvironment("jail that was prepared", async (profile) => {
  const { environment, runner } = await openJail({ profile });
  await environment.exec({ argv: ["true"], timeoutMs: 60_000 }, never);
  await runner.hurry();
  return environment;
});

describe("a jail that was prepared", () => {
  it.each([
    ["the self-test", "read-only", quickSuite],
    ["every escape that is known", "read-only", fullSuite],
    ["every escape that is known", "workspace-write", fullSuite],
  ] as const)("holds against %s under the %s profile", async (_, access, { script, probes }) => {
    const told = "grep -qa 'sysw[r]ite' /proc/1/cmdline && say prepared escaped || say prepared held";
    const suite = {
      script: script.replace("\n", `\nsay() { printf '%s %s\\n' "$1" "$2"; }\n${told}\n`),
      probes: { ...probes, prepared: "is one" },
    };
    const profile = { access, network: false, workspace: process.cwd() } as const;

    await undisturbed(async () => {
      const results = await probeJail({ profile }, jailVector, { suite, ahead });

      const escaped = results.filter(({ outcome }) => outcome === "escaped");
      expect(escaped.map(({ name }) => name)).toEqual(["prepared"]);
    });
  });

  it("serves one command, and no other jail", async () => {
    await undisturbed(async () => {
      await using place = await trialPlace();
      const [one, other] = [place.runner(), place.runner()];
      await one.warm();
      expect(await other.bash("echo > /tmp/left")).toBe("cold\nexit 0");
      expect(await one.bash("ls -A /tmp; echo > /tmp/left")).toBe("ahead\nhome\nexit 0");
      await one.jail.hurry();
      expect(await one.bash("ls -A /tmp")).toBe("ahead\nhome\nexit 0");
    });
  });

  it("serves commands with other variables, and stays cold under the full profile", async () => {
    await undisturbed(async () => {
      await using place = await trialPlace();
      const runner = place.runner();
      await runner.warm({ env: { FIRST: "1" } });
      expect(await runner.bash("echo $FIRST $SECOND", { env: { SECOND: "2" } })).toBe("ahead\n2\nexit 0");
      await using open = await trialPlace({}, "full");
      const full = open.runner();
      await full.warm();
      expect(await full.bash("true")).toBe("cold\nexit 0");
    });
  });

  it("is made for what there is after a command, and leaves no stub of what is gone", async () => {
    await undisturbed(async () => {
      await using place = await trialPlace({ "old/.env": "TOKEN=hush\n" });
      const runner = place.runner();
      await runner.bash("mkdir new && echo TOKEN=hush > new/.env");
      rmSync(place.at("old/.env"));
      await runner.jail.hurry();
      expect(await runner.bash("cat */.env; ls -A old")).toBe(
        "ahead\ncat: new/.env: Permission denied\nexit 0",
      );
      expect(existsSync(place.at("old/.env"))).toBe(false);
    });
  });

  it("is prepared while the command before still runs", async () => {
    await undisturbed(async () => {
      await using place = await trialPlace();
      const runner = place.runner();
      await runner.warm();
      const first = runner.bash("touch begun; until [ -e go ]; do sleep 0.01; done");
      await expect.poll(() => existsSync(place.at("begun")), patient).toBe(true);
      await runner.jail.hurry();
      expect(await runner.bash("touch go")).toBe("ahead\nexit 0");
      expect(await first).toBe("ahead\nexit 0");
    });
  });

  it("holds the limits of its command", async () => {
    await undisturbed(async () => {
      await using place = await trialPlace({}, "workspace-write", {
        memoryBytes: 64 * 2 ** 20,
        fileBytes: 2 ** 20,
      });
      const runner = place.runner();
      await runner.warm();
      expect(await runner.bash("a=$(head -c 100000000 /dev/zero | tr '\\0' x); sleep 20; :")).toBe(
        "ahead\ntau: killed: used more than 64 MB of memory\nexit 137",
      );
      await runner.jail.hurry();
      expect(await runner.bash("exec perl -e 'print \"x\" x 3e6' > big")).toBe(
        "ahead\ntau: killed: wrote a file of more than 1 MB\nexit 153",
      );
    });
  });

  it("goes with a command that is taken back before it waits", async () => {
    await using place = await trialPlace();
    const { jail, bash } = place.runner();
    await bash("true");
    const [stop, hurried] = [new AbortController(), jail.hurry()];
    const run = jail.run({ argv: ["true"], timeoutMs: 60_000 }, stop.signal);
    stop.abort(new Error("enough"));
    await expect(run).rejects.toThrow("enough");
    await hurried;
    expect(await bash("true")).toMatch(/^(?:ahead|cold)\nexit 0$/u);
  });

  it("serves one of fifty commands at once, and does the others no harm", async () => {
    await undisturbed(async () => {
      await using place = await trialPlace();
      const runner = place.runner();
      await runner.warm();
      const lines = Array.from({ length: 50 }, (_, index) => runner.bash(`echo ${index}`));
      const said = await Promise.all(lines);
      expect(said.map((text) => text.split("\n")[1])).toEqual(lines.map((__, index) => String(index)));
      expect(said.some((text) => text.startsWith("ahead"))).toBe(true);
    });
  });

  it("is given up after three in a row whose files were exchanged", async () => {
    await undisturbed(async () => {
      await using place = await trialPlace({ ".env": "" });
      const runner = place.runner();
      for (let round = 0; round < 3; round++) {
        await runner.warm();
        await expect.poll(() => waitingProcesses().length, patient).toBe(3);
        place.write("new", "");
        renameSync(place.at("new"), place.at(".env"));
        expect(await runner.bash("true")).toBe("cold\nexit 0");
      }
      await runner.warm();
      expect(await runner.bash("true")).toBe("cold\nexit 0");
    });
  });

  it("is not given up after others that were refused because this process had changed", async () => {
    await undisturbed(async () => {
      await using place = await trialPlace();
      const runner = place.runner();
      const umask = process.umask();
      for (let round = 0; round < 3; round++) {
        await runner.warm();
        process.umask(0o077);
        try {
          expect(await runner.bash("umask")).toBe("cold\n0077\nexit 0");
        } finally {
          process.umask(umask);
        }
      }
      await runner.warm();
      expect(await runner.bash("true")).toBe("ahead\nexit 0");
    });
  });

  it("goes with a command that is taken back when it has that jail, whenever that is", async () => {
    await using place = await trialPlace();
    for (let turns = 0; turns < 10; turns++) {
      const stop = new AbortController();
      let isTaking = false;
      // Asked for last, when the jail waits; from there to the command it is no more than a few turns.
      const circumstances = (): string => {
        if (isTaking) afterTurns(turns, () => stop.abort(new Error("enough")));
        return "the same";
      };
      const { jail, warm } = place.runner({ ahead: { ...ahead, circumstances } });
      await warm();
      isTaking = true;
      await expect(jail.run({ argv: ["sleep", "1000"], timeoutMs: 60_000 }, stop.signal)).rejects.toThrow(
        "enough",
      );
      isTaking = false;
      await jail[Symbol.asyncDispose]();
      expect(waitingProcesses()).toEqual([]);
    }
  });
});

describe("a command that is taken back while its jail is made", () => {
  it("leaves no process, whenever that is", async () => {
    await using place = await trialPlace();
    const { jail } = place.runner({});
    const mark = `1000.${process.pid}`;
    for (let turns = 0; turns < 120; turns++) {
      const stop = new AbortController();
      const run = jail.run({ argv: ["sleep", mark], timeoutMs: 60_000 }, stop.signal);
      for (let turn = 0; turn < turns; turn++) await others();
      stop.abort(new Error("enough"));
      await expect(run).rejects.toThrow("enough");
    }
    expect(processesWith(mark)).toEqual([]);
  });
});

describe("what waits for a command", () => {
  it("is nothing before a first one, four jails of a process at most, and nothing after disposal", async () => {
    await using place = await trialPlace();
    const runners = Array.from({ length: 6 }, () => place.runner());
    for (const { jail } of runners) await jail.hurry();
    expect(waitingProcesses()).toEqual([]);
    for (const runner of runners) await runner.warm();
    await expect.poll(() => waitingProcesses().length, patient).toBe(12); // bubblewrap, process 1, what waits
    for (const { jail } of runners) await jail[Symbol.asyncDispose]();
    expect(waitingProcesses()).toEqual([]);
  });

  it("goes when nobody needs it", async () => {
    await using place = await trialPlace();
    const runner = place.runner({ ahead: { idleMs: 1 } });
    await runner.warm();
    await expect.poll(waitingProcesses, patient).toEqual([]);
    expect(await runner.bash("true")).toBe("cold\nexit 0");
  });

  it("keeps no process running, and dies with it", async () => {
    const program = fileURLToPath(new URL("./waiting.example.ts", import.meta.url));
    const run = spawnSync(process.execPath, ["--conditions=@tau/source", program], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: "/tmp" },
      ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
    });
    expect(run.stderr).toBe("");
    const pids = run.stdout.trim().split(" ").map(Number);
    expect(pids).toHaveLength(3);
    await expect.poll(() => pids.map(startTime), patient).toEqual([undefined, undefined, undefined]);
  });
});

describe("what a command sees of a jail that was prepared", () => {
  const script = '#!/bin/sh\necho "$0" "$@"\n';
  const requests: Readonly<Record<string, Partial<ExecRequest> & Pick<ExecRequest, "argv">>> = {
    "its variables": {
      argv: ["bash", "-c", "env -0 | sort -z | tr '\\0' '\\n'"],
      env: {
        A: "",
        "B.C-D": "ü\n'\"$x",
        PERL5OPT: "-Mevil",
        PATH: "/usr/bin:/bin",
        PWD: "/",
        OLDPWD: "/",
        SHLVL: "5",
      },
    },
    "its first process's variables": { argv: ["sort", "-z", "/proc/1/environ"] },
    "its open files": {
      argv: [
        "sh",
        "-c",
        "cd /proc/self/fd && for n in *; do case $(readlink $n) in *tau-pipes*|pipe:*|socket:*) echo $n stream;; *) echo $n $(readlink $n);; esac; done",
      ],
    },
    "its state": {
      argv: [
        "grep",
        "-Ev",
        "^(Vm|Rss|Hugetlb|.*ctxt|voluntary|SigQ|x86|CoreD|THP|untag|Mems|Cpus|NSp|NSs|Pid|PPid|Ngid|Tgid|Speculation)",
        "/proc/self/status",
      ],
    },
    "its group, session and terminal": {
      argv: ["sh", "-c", "cut -d' ' -f 4-9 /proc/self/stat; tty; echo $PPID"],
    },
    "its limits": { argv: ["cat", "/proc/self/limits"] },
    "its mounts": { argv: ["sh", "-c", "cut -d' ' -f 4- /proc/self/mountinfo | sed 's/master:[0-9]*//'"] },
    "its folders": {
      argv: [
        "sh",
        "-c",
        "pwd; pwd -P; ls -A / /tmp /run /dev /tmp/home; umask; id; hostname; nice; cat /proc/self/oom_score_adj",
      ],
    },
    "its priority and signals": {
      argv: [
        "perl",
        "-e",
        "print join ',', grep { ref \\$SIG{$_} && defined $SIG{$_} } sort keys %SIG; print getppid, getpriority(0, 0)",
      ],
    },
    "arguments of any kind": {
      argv: ["printf", "[%s]", "", " ", "a\nb", "'\"\\$(x)`", "ü€😀", "\u0001\u007f\u0081", "-n", "--"],
    },
    "a program of the folder": { argv: ["./program", "one"] },
    "a program without a first line": { argv: ["./lines"] },
    "a program by the PATH that it is given": { argv: ["program"], env: { PATH: "." } },
    "an exit code": { argv: ["sh", "-c", "exit 7"] },
    "an exit code of its own that means another thing": { argv: ["sh", "-c", "echo oh >&2; exit 127"] },
    "a signal": { argv: ["sh", "-c", "kill -TERM $$"] },
    "a hard signal": { argv: ["sh", "-c", "kill -KILL $$"] },
    "a program that does not exist": { argv: ["not-there", "x"] },
    "a program that is none": { argv: ["./data"] },
    "no program at all": { argv: [""] },
    "a folder": { argv: ["/usr"] },
    "an argument with a zero": { argv: ["echo", "a\0b"] },
    "more arguments than the system takes": { argv: ["echo", "x".repeat(200_000)] },
  };

  it.each(Object.entries(requests))("is what it sees of one that is made for it: %s", async (_, request) => {
    await undisturbed(async () => {
      await using place = await trialPlace({ program: script, lines: "echo no first line\n", data: "x" });
      for (const name of ["program", "lines"]) chmodSync(place.at(name), 0o755);
      const [made, prepared] = [place.runner({}), place.runner()];
      await prepared.warm();
      const waited = waitingProcesses();
      const seen = await outcomeOf(prepared.jail, request);
      expect(waitingProcesses().some((pid) => waited.includes(pid))).toBe(isCold(request));
      expect(seen).toEqual(await outcomeOf(made.jail, request));
    });
  });
});

function afterTurns(turns: number, then: () => void): void {
  if (turns === 0) then();
  else queueMicrotask(() => afterTurns(turns - 1, then));
}

/** Anywhere, since one whose parent died is nobody's child. */
function processesWith(word: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/u.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(word);
    } catch {
      return false; // gone
    }
  });
}

/** What no order can say. */
function isCold({ argv }: Pick<ExecRequest, "argv">): boolean {
  return argv.some((word) => word.includes("\0") || word.length > 100_000);
}

async function outcomeOf(
  jail: JailRunner,
  request: Partial<ExecRequest> & Pick<ExecRequest, "argv">,
): Promise<unknown> {
  const said = { stdout: "", stderr: "" };
  const onOutput: ExecRequest["onOutput"] = (chunk, stream) => {
    said[stream] += Buffer.from(chunk).toString();
  };
  try {
    const { exitCode, timedOut } = await jail.run({ timeoutMs: 60_000, ...request, onOutput }, never);
    return { ...said, exitCode, timedOut };
  } catch (error) {
    if (!isTauError(error)) throw error;
    return { ...said, code: error.code, message: error.message };
  }
}

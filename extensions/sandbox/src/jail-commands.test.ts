import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import { createJail } from "./create-jail.ts";
import type { JailOptions } from "./jail-options.ts";

interface Jailed extends AsyncDisposable {
  readonly workspace: string;
  readonly at: (path: string) => string;
  /** What a bash line says, on both streams, and its exit code. */
  readonly bash: (
    line: string,
    options?: { readOnly?: boolean; env?: Record<string, string> },
  ) => Promise<string>;
}

type Files = Readonly<Record<string, string>>;

/** A jail in /var/tmp, which commands can see, so that what lies beside the workspace is really there. */
async function jailed(files: Files = {}, options: Partial<JailOptions> = {}): Promise<Jailed> {
  const base = await realpath(await mkdtemp("/var/tmp/tau-jail-test-"));
  const workspace = join(base, "workspace");
  mkdirSync(workspace);
  writeFileSync(join(base, "beside.txt"), "beside");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  const profile = { access: "workspace-write", network: false, ...options.profile, workspace } as const;
  const jail = await createJail({ ...options, profile });
  return {
    workspace,
    at: (path) => join(workspace, path),
    async bash(line, request = {}) {
      let said = "";
      const result = await jail.exec(
        {
          ...request,
          argv: ["bash", "-c", line],
          timeoutMs: 20_000,
          onOutput: (chunk) => {
            said += Buffer.from(chunk).toString();
          },
        },
        new AbortController().signal,
      );
      return `${said}exit ${result.exitCode}`;
    },
    async [Symbol.asyncDispose]() {
      await jail[Symbol.asyncDispose]();
      await rm(base, { recursive: true, force: true });
    },
  };
}

const readOnly = { profile: { access: "read-only", network: false, workspace: "" } } as const;
const full = { profile: { access: "full", network: false, workspace: "" } } as const;
const git = "git -c init.defaultBranch=main -c user.name=T -c user.email=t@example.com";

describe("what a jailed command can write", () => {
  it("is the workspace and a private /tmp and home", async () => {
    await using jail = await jailed();
    const temporary = `/tmp/${randomUUID()}`;
    expect(
      await jail.bash(`echo a > a && echo b > ${temporary} && echo c > ~/.c && cat a ${temporary} ~/.c`),
    ).toBe("a\nb\nc\nexit 0");
    expect(readdirSync(jail.workspace)).toEqual(["a"]);
    expect(await jail.bash("ls -A /tmp ~ /run")).toContain("exit 0");
    expect(existsSync(temporary)).toBe(false);
  });

  it("is not what lies beside the workspace, links to it, or the system", async () => {
    await using jail = await jailed();
    symlinkSync("../beside.txt", jail.at("link"));
    for (const target of [
      "../beside.txt",
      "link",
      "/etc/tau-jail",
      "/usr/tau-jail",
      "/proc/self/root/etc/tau-jail",
    ]) {
      expect(await jail.bash(`echo pwned > ${target}`)).toMatch(
        /(Read-only file system|Permission denied)\nexit 1$/,
      );
    }
    expect(await jail.bash("ln ../beside.txt hard")).toMatch(/exit 1$/);
    expect(readFileSync(jail.at("../beside.txt"), "utf8")).toBe("beside");
  });

  it("is nothing but /tmp under the read-only profile, and in a run that only reads", async () => {
    await using reader = await jailed({ "a.txt": "a" }, readOnly);
    await using jail = await jailed({ "a.txt": "a" });
    for (const run of [reader.bash("echo x > a.txt"), jail.bash("echo x > a.txt", { readOnly: true })]) {
      expect(await run).toMatch(/Read-only file system\nexit 1$/);
    }
    expect(await reader.bash("cat a.txt; echo x > /tmp/x && cat /tmp/x")).toBe("ax\nexit 0");
    expect(await jail.bash("echo x > a.txt && cat a.txt")).toBe("x\nexit 0");
  });

  it("is everything of the user's under the full profile", async () => {
    await using jail = await jailed({ ".git/config": "" }, full);
    expect(await jail.bash("echo x > ../beside.txt; echo y > .git/config")).toBe("exit 0");
    expect(readFileSync(jail.at("../beside.txt"), "utf8")).toBe("x\n");
  });
});

describe("protected paths", () => {
  it("let Git work, but not its hooks and configuration change", async () => {
    await using jail = await jailed({ "a.txt": "a" });
    execFileSync("git", ["init", "-q", "-b", "main", jail.workspace]);
    expect(await jail.bash(`${git} add -A && ${git} commit -qm first && git log --format=%s`)).toBe(
      "first\nexit 0",
    );
    for (const line of [
      "echo x > .git/hooks/pre-commit",
      "git config core.fsmonitor evil",
      "rm -rf .git/hooks",
      "mv .git .git-old",
      "mv .git/hooks .git/old",
      "ln .git/config config && echo x > config",
    ]) {
      expect(await jail.bash(line)).not.toMatch(/exit 0$/);
    }
    expect(readFileSync(jail.at(".git/config"), "utf8")).not.toContain("evil");
    expect(existsSync(jail.at(".git/hooks/pre-commit"))).toBe(false);
  });

  it("that a command makes are put aside, and it says so", async () => {
    await using jail = await jailed();
    const said = await jail.bash(`${git} init -q . && git config core.fsmonitor evil && mkdir .tau`);
    expect(said).toMatch(
      /^tau: \.git\/config is protected, so what the command made there is now \.git\/config\.quarantined-/m,
    );
    expect(existsSync(jail.at(".git/HEAD"))).toBe(true);
    for (const path of [".git/config", ".git/hooks", ".tau"]) expect(existsSync(jail.at(path))).toBe(false);
  });

  it("cannot be reached by a file or a link in place of their folder", async () => {
    await using jail = await jailed();
    expect(await jail.bash("echo gitdir: evil > .git")).toContain("tau: .git is protected");
    expect(await jail.bash("mkdir evil && ln -s evil .git")).toContain("tau: .git is protected");
    expect(readdirSync(jail.workspace)).not.toContain(".git");
  });

  it("that are links keep their target", async () => {
    await using jail = await jailed({ "shared/hooks/pre-commit": "ok", ".git/HEAD": "x" });
    symlinkSync("../shared/hooks", jail.at(".git/hooks"));
    expect(await jail.bash("echo x > shared/hooks/pre-commit")).toMatch(/Read-only file system/);
    expect(await jail.bash("rm .git/hooks && mkdir .git/hooks && echo x > .git/hooks/pre-commit")).toContain(
      "tau: ",
    );
    expect(lstatSync(jail.at(".git/hooks")).isSymbolicLink()).toBe(true);
    expect(readFileSync(jail.at(".git/hooks/pre-commit"), "utf8")).toBe("ok");
  });

  it("leave no stubs in the workspace, not even while a command runs", async () => {
    await using jail = await jailed({ "a.txt": "a" }, { protectPaths: ["deploy/keys"] });
    expect(await jail.bash("ls -A; echo $(( 1 + 1 ))")).toBe("a.txt\n2\nexit 0");
    expect(readdirSync(jail.workspace)).toEqual(["a.txt"]);
  });
});

describe("programs", () => {
  it("of an installation below /tmp are shown when asked for, and cannot be written", async () => {
    const programs = await mkdtemp("/tmp/tau-jail-programs-");
    const hello = join(programs, "hello");
    writeFileSync(hello, "#!/bin/sh\necho hello\n", { mode: 0o755 });
    await using hidden = await jailed();
    await using shown = await jailed({}, { showPaths: [programs, "/tmp/not-there"] });
    expect(await hidden.bash(hello)).toContain("exit 127");
    expect(await shown.bash(hello)).toBe("hello\nexit 0");
    expect(await shown.bash(`echo no > ${hello}`)).toContain("Read-only file system");
    await rm(programs, { recursive: true });
  });
});

describe("secrets", () => {
  it("of the workspace and of masked paths cannot be read, also through links", async () => {
    const secrets = await mkdtemp("/var/tmp/tau-jail-secrets-");
    writeFileSync(join(secrets, "key"), "hush");
    await using jail = await jailed(
      { ".env": "KEY=hush", "packages/a/.env.local": "KEY=hush", ".env.example": "KEY=fill in" },
      { maskPaths: [secrets] },
    );
    symlinkSync(".env", jail.at("link"));
    const said = await jail.bash(
      `cat .env link packages/a/.env.local /proc/1/root${jail.workspace}/.env; cat .env.example; ls -A ${secrets}; cat ${secrets}/key; cat /etc/shadow`,
    );
    await rm(secrets, { recursive: true });
    expect(said).toContain("KEY=fill in");
    expect(said.match(/Permission denied/g)).toHaveLength(5);
    expect(said).not.toContain("hush");
    expect(said).not.toContain("root:");
    expect(readFileSync(jail.at(".env"), "utf8")).toBe("KEY=hush");
  });

  it("stay hidden whatever a command before moved or locked", async () => {
    const files = ["sub/.env", "deep/er/.env", "locked/.env"];
    await using jail = await jailed(Object.fromEntries(files.map((path) => [path, "KEY=hush"])));
    await jail.bash(
      "mv sub dist; mv sub/.env x; mkdir -p a/b/c/d; mv deep a/b/c/d; mv deep/er a/b/c/d; chmod 311 locked",
    );

    const said = await jail.bash(
      "cat */.env a/b/c/d/*/.env a/b/c/d/*/*/.env locked/.env; find . -name .env | xargs cat",
    );

    expect(said).not.toContain("hush");
    expect(readFileSync(jail.at("sub/.env"), "utf8")).toBe("KEY=hush");
    expect(await jail.bash("mkdir sub/inner && mv sub/inner sub/moved; ls sub")).toContain("moved");
  });

  it("leave the files beside them to be saved and moved, and say why a rename is refused", async () => {
    await using jail = await jailed({
      "config/.env": "TOKEN=hush\n",
      "config/a.txt": "a\n",
      "config/b.txt": "b\n",
    });
    const save = `cd config && echo saved > .a.tmp && perl -e 'rename(".a.tmp", "a.txt") or die $!' && cat a.txt`;
    expect(await jail.bash(save)).toBe("saved\nexit 0");
    expect(
      await jail.bash("mv config/a.txt moved.txt && mv moved.txt config/c.txt && cat config/c.txt"),
    ).toBe("saved\nexit 0");
    execFileSync("git", ["init", "-q", "--template=", jail.workspace]);
    const refused = await jail.bash("git add config/b.txt && git mv config/b.txt b.txt");
    expect(refused).toMatch(
      /cross-device link[^]*tau: folders with secret .* \(.*config\).* in place of git mv: mv, then/u,
    );
    expect(await jail.bash("mv config/b.txt b.txt && git add -A config/b.txt b.txt && git ls-files")).toBe(
      "b.txt\nexit 0",
    );
  });

  it("of Tau's variables are nowhere in the jail", async () => {
    process.env["TAU_JAIL_SECRET"] = "hush-hush";
    try {
      await using jail = await jailed();
      expect(
        await jail.bash(
          "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -c hush-hus[h]",
        ),
      ).toBe("0\nexit 1");
    } finally {
      delete process.env["TAU_JAIL_SECRET"];
    }
  });

  it("cannot be had by variables that act on bubblewrap", async () => {
    await using jail = await jailed({ "evil.so": "not a library" });
    const env = { LD_PRELOAD: "evil.so", PATH: "/usr/bin:/bin", HOME: "/root" };
    expect(await jail.bash("echo $HOME; true", { env })).toMatch(/\/root\nexit 0$/);
  });
});

describe("the network", () => {
  it("is the command's own loopback unless it is granted", async () => {
    const server = createServer((socket) => socket.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const line = `exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3`;
    await using closed = await jailed();
    await using open = await jailed(
      {},
      { profile: { access: "workspace-write", network: true, workspace: "" } },
    );
    expect(await closed.bash(line)).toContain("Connection refused");
    expect(await open.bash(line)).toBe("helloexit 0");
    server.close();
  });
});

describe("limits", () => {
  const limits: Readonly<Record<string, JailOptions["limits"] & object>> = {
    memory: { memoryBytes: 64 * 2 ** 20 },
    processor: { cpuSeconds: 1 },
    file: { fileBytes: 2 ** 20 },
  };
  /** memfd_create(2), by its numbers on x64 and arm64. */
  const memoryFile = `$n = "a"; $f = syscall(${process.arch === "arm64" ? 279 : 319}, $n, 0); open($h, ">&=", $f) or die; syswrite($h, "x" x 1e6) for 1..100;`;
  /** Pairs of sockets, each filled until it takes no more. */
  const fullSockets = `$s = IO::Socket::INET->new(Listen => 99, LocalAddr => "127.0.0.1") or die; for (1..99) { $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $s->sockport) or die; push @all, $c, $s->accept; $c->blocking(0); 1 while syswrite($c, "x" x 65536); }`;
  // The last command takes the place of a shell, and its memory goes: so something follows every `sleep`.
  const hold = "a=$(head -c 100000000 /dev/zero | tr '\\0' x)";

  it.each([
    ["memory", "the memory of one process", `${hold}; sleep 20; :`, "used more than 64 MB of memory"],
    [
      "memory",
      "the memory of many processes",
      `for i in 1 2 3 4 5 6 7 8; do (a=$(head -c 12000000 /dev/zero | tr '\\0' x); sleep 20; :) & done; wait`,
      "used more than 64 MB of memory",
    ],
    [
      "memory",
      "files that are memory",
      "head -c 40m /dev/zero > /tmp/a; head -c 40m /dev/zero > /dev/shm/a; sleep 20",
      "used more than 64 MB of memory",
    ],
    [
      "memory",
      "files that only a descriptor shows",
      `perl -e '${memoryFile} sleep 20'`,
      "used more than 64 MB of memory",
    ],
    [
      "memory",
      "what waits in the sockets of its network",
      `perl -MIO::Socket::INET -e '${fullSockets} sleep 20'`,
      "used more than 64 MB of memory",
    ],
    [
      "processor",
      "the processor time of one process",
      "while :; do :; done",
      "used more than 1 s of processor time",
    ],
    [
      "processor",
      "the processor time of many processes",
      "for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; wait",
      "used more than 1 s of processor time",
    ],
    ["file", "the size of a file", "head -c 3000000 /dev/zero > big", "wrote a file of more than 1 MB"],
  ])("of %s end a command for %s, and say so", async (kind, _, line, text) => {
    await using jail = await jailed({}, { limits: limits[kind] ?? {} });
    expect(await jail.bash(line)).toMatch(new RegExp(`tau: killed: ${text}\nexit (137|152|153)$`, "u"));
  });

  it("of processes end a command of root's, and let others start no more", async () => {
    await using jail = await jailed({}, { limits: { processes: 40 } });
    const many = "for i in $(seq 100); do sleep 20 & done; wait";
    expect(await jail.bash(many)).toMatch(
      process.getuid?.() === 0
        ? /tau: killed: ran more than 40 processes and threads at once\nexit 137$/u
        : /Resource temporarily unavailable/u,
    );
    expect(await jail.bash("ulimit -u -c")).toMatch(/ 40\n[^]* 0\n/u);
  });

  it("of memory count what processes share once", async () => {
    await using jail = await jailed({}, { limits: { memoryBytes: 2 ** 29 } });
    const line = `${hold}; for i in 1 2 3 4 5 6 7 8; do (sleep 1) & done; wait; echo done`;
    expect(await jail.bash(line)).toBe("done\nexit 0");
  });

  it("stop files and temporary files as the system does", async () => {
    await using jail = await jailed({}, { limits: { fileBytes: 1_000_000, tmpBytes: 1_000_000 } });
    expect(await jail.bash("head -c 3000000 /dev/zero > big; stat -c %s big")).toMatch(/^1000000\nexit 0$/mu);
    for (const folder of ["/tmp", "/run", "/dev/shm"]) {
      const fill = `for i in 1 2 3; do head -c 500000 /dev/zero > ${folder}/$i; done`;
      expect(await jail.bash(fill)).toContain("No space left on device");
    }
    expect(await jail.bash("echo > /dev/file")).toContain("Read-only file system");
  });

  it("leave the machine's own processes alone", async () => {
    await using jail = await jailed();
    expect(
      await jail.bash(`kill -0 ${process.ppid} 2>/dev/null || echo none; ls /proc | grep -c '^[0-9]'`),
    ).toMatch(/^none\n\d\nexit 0$/);
  });
});

describe("temporary folders", () => {
  it("of the machine are not seen, but a workspace in one is", async () => {
    const workspace = await realpath(await mkdtemp(join(tmpdir(), "tau-jail-tmp-")));
    await using jail = await createJail({
      profile: { access: "workspace-write", network: false, workspace },
    });
    const result = await jail.exec(
      { argv: ["bash", "-c", `ls -A ${tmpdir()} | wc -l > out`], timeoutMs: 20_000 },
      new AbortController().signal,
    );
    expect(result.exitCode).toBe(0);
    expect(Number(readFileSync(join(workspace, "out"), "utf8"))).toBeLessThanOrEqual(2);
    await rm(workspace, { recursive: true });
  });
});

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import { startScriptedServer } from "@tau/agent/scripted";
import type { ScriptedServer, Transcript } from "@tau/agent/scripted";

import { main } from "./main.ts";
import type { Terminal } from "./terminal.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link Place.tau}. */
export interface TauOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
}

/** Options of {@link Place.spawn}. */
export interface SpawnOptions extends TauOptions {
  /** A shell script that runs it as `"$@"`. */
  readonly script?: string;
}

/** A machine as a new user has it: an empty home, an empty folder, no keys, no Ollama. */
export interface Place extends AsyncDisposable {
  /** Holds everything of this place. */
  readonly base: string;
  readonly home: string;
  /** The folder that commands work in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  write(path: string, content: string): Promise<void>;
  /** Runs the command inside this process, without a terminal. */
  tau(args: readonly string[], options?: TauOptions): Promise<Ended>;
  /** Runs the command as a process of its own. */
  spawn(args: readonly string[], options?: SpawnOptions): Running;
  /** The same on a pseudo-terminal, made by `script` of util-linux. */
  onTerminal(args: readonly string[], options?: TauOptions): Running;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  /** What it wrote so far to standard output; a pseudo-terminal shows both streams there. */
  output(): string;
  /** Settles when the output holds the text, and answers what follows; later calls look behind it. */
  until(text: string): Promise<void>;
  type(text: string): void;
  readonly ended: Promise<Ended>;
}

const compileCache = fileURLToPath(new URL("../../../node_modules/.cache/tau-compile", import.meta.url));
const bin = fileURLToPath(new URL("bin.ts", import.meta.url));

/** Makes a {@link Place}. `base` is below /var/tmp where commands of the jail must be able to see it. */
export async function createPlace(parent: string = tmpdir()): Promise<Place> {
  const base = await realpath(await mkdtemp(join(parent, "tau-cli-")));
  const [home, cwd] = [join(base, "home"), join(base, "work")];
  await mkdir(home);
  // What runs in this process must see the same home as what is started: an environment is known by it too.
  process.env["HOME"] = home;
  await mkdir(cwd);
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
    HOME: home,
    TAU_HOME: join(base, "tau"),
    USER: "tester",
    OLLAMA_HOST: "127.0.0.1:1",
    // Sources are stripped of their types once for all the processes of a test.
    NODE_COMPILE_CACHE: compileCache,
  };
  const start = (program: string, args: readonly string[], options: TauOptions = {}): Running => {
    const child = spawn(program, [...args], { cwd: options.cwd ?? cwd, env: { ...env, ...options.env } });
    return follow(child, options.input);
  };
  const command = [process.execPath, "--conditions=@tau/source", "--no-warnings", bin];
  return {
    base,
    home,
    cwd,
    env,
    async write(path, content) {
      await mkdir(dirname(join(cwd, path)), { recursive: true });
      await writeFile(join(cwd, path), content);
    },
    tau: (args, options = {}) => inProcess(args, { cwd, ...options, env: { ...env, ...options.env } }),
    spawn(args, options) {
      const [program = "", ...words] = [...command, ...args];
      return options?.script === undefined
        ? start(program, words, options)
        : start("sh", ["-c", options.script, "sh", program, ...words], options);
    },
    onTerminal: (args, options) =>
      start("script", ["-qefc", [...command, ...args].map(quoted).join(" "), "/dev/null"], options),
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }),
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function follow(child: ChildProcess, input: string | undefined): Running {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new TypeError("The process has no pipes.");
  let [said, complained, seen] = ["", "", 0];
  let heard = (): void => undefined;
  stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    heard();
  });
  stderr.setEncoding("utf8").on("data", (text: string) => (complained += text));
  // A command that is gone reads no more.
  stdin.on("error", () => undefined);
  if (input !== undefined) stdin.end(input);
  const ended = once(child, "close").then((): Ended => {
    heard();
    return { code: child.exitCode, stdout: said, stderr: complained };
  });
  return {
    child,
    ended,
    output: () => said,
    type: (text) => stdin.write(text),
    async until(text) {
      for (;;) {
        const at = said.indexOf(text, seen);
        if (at !== -1) {
          seen = at + text.length;
          return;
        }
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(
            `The command ended without saying ${JSON.stringify(text)}:\n${said}\n${complained}`,
          );
        await new Promise<void>((resolve) => (heard = resolve));
      }
    },
  };
}

async function inProcess(
  args: readonly string[],
  {
    cwd,
    env,
    input = "",
  }: TauOptions & { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ended> {
  const [stdout, stderr] = [createSink(), createSink()];
  const stdin = new PassThrough();
  stdin.end(input);
  let quit: number | undefined;
  const terminal: Terminal = {
    stdin,
    stdout,
    stderr,
    env,
    cwd,
    onInterrupt: () => () => undefined,
    onLeave: () => () => undefined,
    quit: (exitCode) => (quit = exitCode),
  };
  const code = await main(args, terminal);
  return { code: quit ?? code, stdout: stdout.text(), stderr: stderr.text() };
}

function createSink(): Writable & { text(): string } {
  let written = "";
  const sink = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  return Object.assign(sink, { text: () => written });
}

/** A scripted model and the options that choose it. */
export interface Scripted extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly options: readonly string[];
}

/** Starts a scripted model. */
export async function startScripted(transcript: Transcript): Promise<Scripted> {
  const server = await startScriptedServer(transcript);
  return {
    server,
    options: ["--base-url", `${server.url}/v1`, "--model", "scripted"],
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** The id of the newest session of a place. */
export async function newestSession(place: Place): Promise<string> {
  const { stdout } = await place.tau(["sessions", "list", "--json", "--limit", "1"]);
  const info: { readonly sessionId: string } = JSON.parse(stdout);
  return info.sessionId;
}

/** Arguments by which a program runs code that no rule for commands sees. */
interface Carrier {
  readonly programs: string;
  /** Options, whole or abbreviated, with or without `=value`. */
  readonly options?: string;
  /** Letters that mean the same in a cluster such as `-Ic`. */
  readonly letters?: string;
  /** Arguments that match this carry code, whatever they are. */
  readonly argument?: RegExp;
  /** Whether it reads code from its input when no file is named. */
  readonly input?: boolean;
  /** Whether it can always do so. */
  readonly always?: boolean;
}

/** Options and scripts of sed that only print and substitute. */
const simpleSed =
  /^(?:-[nEirsuz]+(?:\.\w+)?|(?:\d+|\$)?(?:,(?:\d+|\$))?[pdq=]|s([/|,#:])(?:(?!\1)[^\\\n;{}]|\\[^\n])*\1(?:(?!\1)[^\\\n;{}]|\\[^\n])*\1[gpI\d]*)$/;

const carriers: readonly Carrier[] = [
  { programs: "python pypy", letters: "c", input: true },
  {
    programs: "node nodejs bun deno tsx ts-node",
    options: "--eval --print --require --import --loader --experimental-loader --env-file",
    letters: "epri",
    argument: /^(eval|repl)$/,
    input: true,
  },
  { programs: "perl", letters: "eEMmx", input: true },
  { programs: "ruby irb", letters: "er", input: true },
  {
    programs: "php",
    letters: "rBREad",
    options: "--run --process-begin --process-code --process-end",
    input: true,
  },
  { programs: "lua luajit tclsh guile Rscript osascript julia", letters: "eil", input: true },
  { programs: "awk gawk mawk nawk", argument: /system|getline|[|>@]/, letters: "lie" },
  {
    programs: "git",
    options: `-c -C -x -O --config --config-env --exec-path --git-dir --work-tree --namespace --exec --extcmd --tool
      --upload-pack --receive-pack --open-files-in-pager --template --ext-diff --textconv --output`,
    argument:
      /^(config|bisect|submodule|filter-branch|difftool|mergetool|hook|daemon|send-email|instaweb|p4|svn)$|^ext::/,
  },
  {
    programs: "tar bsdtar gtar",
    options: `--checkpoint-action --to-command --use-compress-program --info-script --new-volume-script --rsh-command
      --rmt-command`,
    letters: "IF",
  },
  { programs: "rsync", options: "--rsh --rsync-path", letters: "e" },
  { programs: "scp sftp", letters: "SoDF" },
  { programs: "sort", options: "--compress-program --output", letters: "oT" },
  { programs: "split", options: "--filter" },
  { programs: "zip", options: "-TT --unzip-command" },
  {
    programs: "make gmake ninja",
    options: "--eval --file --makefile --directory",
    letters: "fC",
    argument: /=/,
  },
  {
    programs: "npm pnpm yarn npx bunx",
    options: "-c --call --script-shell --node-options --shell-mode --prefix",
  },
  {
    programs: "gcc g++ cc c++ clang clang++",
    options: "-wrapper -fplugin -specs",
    letters: "B",
    argument: /^@/,
  },
  {
    programs: "go",
    options: "-exec -toolexec -vettool -overlay",
    argument: /^(generate|tool)$|^-(exec|toolexec|vettool)=/,
  },
  { programs: "cargo", options: "--config" },
  { programs: "rg", options: "--pre --hostname-bin" },
  { programs: "fd fdfind", options: "--exec --exec-batch", letters: "xX" },
  { programs: "ag ack bat man", options: "--pager --html", letters: "PH" },
  { programs: "find", options: "-delete -fprint -fprint0 -fprintf -fls -files0-from" },
  { programs: "nc ncat netcat", options: "--exec --sh-exec --lua-exec", letters: "ec" },
  { programs: "tcpdump", letters: "z" },
  { programs: "openssl", options: "-engine -provider" },
  { programs: "sqlite3 psql mysql", argument: /\.(shell|system|load)|\\!/, input: true },
  { programs: "cmake ctest", options: "-P -E -S --build-and-test" },
  {
    programs: `at batch crontab csh dc ed elvish emacs ex expect fish gdb less lldb m4 more nu nvim parallel pwsh screen
      script socat ssh su tcsh tmux vi view vim watch xonsh`,
    always: true,
  },
];

const byProgram: ReadonlyMap<string, Carrier> = new Map(
  carriers.flatMap((carrier) => carrier.programs.split(/\s+/).map((program) => [program, carrier])),
);

/** Names the way in which a command runs code given as text, or nothing when it has none that is known. */
export function hiddenCodeIn(program: string, args: readonly (string | undefined)[]): string | undefined {
  const name = program.slice(0, 64).replace(/-?[\d.]+$/, "");
  if (name === "sed") return sedDoubt(args);
  const carrier = byProgram.get(name) ?? byProgram.get(program);
  if (carrier === undefined) return undefined;
  if (carrier.always === true) return `${name} runs whatever it is told`;
  if (carrier.input === true && args.every((arg) => arg === "-" || arg?.startsWith("-") === true)) {
    const asksOnly = args.length > 0 && args.every((arg) => /^(--version|--help|-V|-v|-h)$/.test(arg ?? ""));
    if (!asksOnly) return `${name} runs what it reads from its input`;
  }
  const found = args.find((arg) => arg !== undefined && carries(carrier, arg));
  return found === undefined ? undefined : `${name} ${found.slice(0, 40)} can run code that rules do not see`;
}

function sedDoubt(args: readonly (string | undefined)[]): string | undefined {
  const options = args.filter((arg) => arg?.startsWith("-") === true);
  const script = args.find((arg) => arg?.startsWith("-") === false);
  const simple = [...options, ...(script === undefined ? [] : [script])].every((arg) =>
    simpleSed.test(arg ?? ""),
  );
  return simple ? undefined : "a sed script can run commands and write files";
}

function carries(carrier: Carrier, arg: string): boolean {
  const option = arg.split("=", 1)[0] ?? arg;
  const named = (carrier.options?.split(/\s+/) ?? []).some(
    (known) => option === known || (option.startsWith("--") && option.length > 4 && known.startsWith(option)),
  );
  const cluster =
    /^-[^-]/.test(arg) && (carrier.letters ?? "").split("").some((letter) => arg.includes(letter));
  return named || cluster || carrier.argument?.test(arg) === true;
}

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
  /** Whether its first word is a cluster of letters even without a dash, as in `tar xf`. */
  readonly bareCluster?: boolean;
  /** Counts only where one of the arguments is this word, such as a subcommand. */
  readonly beside?: RegExp;
}

/** Files that are another name for the input, or for whatever the shell has opened. */
const inputFile = /(?:^|\/)(?:stdin|fd\/\d+)$/;

/** Options and scripts of sed that only print and substitute. */
const simpleSed =
  /^(?:-[nEirsuz]+(?:\.\w+)?|(?:\d+|\$)?(?:,(?:\d+|\$))?[pdq=]|s([/|,#:])(?:(?!\1)[^\\\n;{}]|\\[^\n])*\1(?:(?!\1)[^\\\n;{}]|\\[^\n])*\1[gpI\d]*)$/;

const carriers: readonly Carrier[] = [
  {
    programs: "python pypy",
    letters: "c",
    argument: /^(?:-m)?(?:bdb|cProfile|code|doctest|idlelib|pdb|profile|runpy|timeit|trace)$/,
    input: true,
  },
  {
    programs: "node nodejs bun deno tsx ts-node",
    options: `--eval --print --require --import --loader --experimental-loader --env-file --env-file-if-exists --preload
      --openssl-config --experimental-config-file`,
    letters: "epri",
    argument: /^(eval|repl)$/,
    input: true,
  },
  { programs: "perl", letters: "deEMmx", input: true },
  { programs: "ruby irb", letters: "er", input: true },
  {
    programs: "php",
    letters: "rBREad",
    options: "--run --process-begin --process-code --process-end",
    input: true,
  },
  { programs: "lua luajit tclsh guile Rscript osascript julia", letters: "eil", input: true },
  {
    programs: "awk gawk mawk nawk original-awk",
    options: "--file --exec --include --load --source --profile --pretty-print --dump-variables --debug",
    argument: /system|getline|[|>@]|^-[bcCghMnNOPrsStV]*[lieEDpodWf]/,
  },
  {
    programs: "git",
    options: `--config --config-env --exec-path --git-dir --work-tree --namespace --exec --extcmd --tool --upload-pack
      --receive-pack --open-files-in-pager --template --ext-diff --textconv --output --unsafe-paths`,
    letters: "cCxO",
    argument: new RegExp(
      `^(${`bisect citool config credential cvsserver daemon difftool filter-branch for-each-repo gui hook instaweb
        interpret-trailers maintenance merge-index mergetool p4 remote-ext remote-fd send-email shell submodule svn
        upload-archive web--browse`.replaceAll(/\s+/g, "|")})$|(?:^|=)ext::|^(?:-s|--strategy=).*/`,
    ),
  },
  { programs: "git", beside: /^(archive|clone|fetch-pack|ls-remote)$/, letters: "u" },
  {
    programs: "tar bsdtar gtar",
    options: `--checkpoint-action --to-command --use-compress-program --info-script --new-volume-script --rsh-command
      --rmt-command`,
    letters: "IF",
    bareCluster: true,
  },
  { programs: "rsync", options: "--rsh --rsync-path", letters: "e" },
  { programs: "scp sftp", letters: "SoDFb" },
  { programs: "sort", options: "--compress-program --output", letters: "oT" },
  { programs: "split", options: "--filter" },
  { programs: "zip", options: "-TT --unzip-command" },
  {
    programs: "make gmake ninja",
    options: "--eval --file --makefile --directory",
    letters: "fCEI",
    argument: /=/,
  },
  {
    programs: "npm pnpm yarn npx bunx",
    options: `-c -C --call --script-shell --node-options --shell-mode --prefix --dir --editor --viewer --browser --git --userconfig
      --globalconfig`,
  },
  {
    programs: "gcc g++ cc c++ clang clang++",
    options: "-wrapper -fplugin -fpass-plugin -specs --specs -fuse-ld -Xclang --config",
    letters: "B",
    argument: /^@/,
  },
  {
    programs: "go",
    options: "-exec -toolexec -vettool -overlay",
    argument: /^(generate|tool)$|^--?(exec|toolexec|vettool|overlay|modfile)\b|-extld\b/,
    letters: "C",
  },
  { programs: "cargo", options: "--config --manifest-path", letters: "CZ" },
  { programs: "jobs", letters: "x" },
  { programs: "gh glab", argument: /^(alias|extension)$|^!/ },
  {
    programs: "apt apt-get aptitude dpkg",
    letters: "oc",
    options: "--option --config-file --pre-invoke --post-invoke",
  },
  { programs: "rg", options: "--pre --hostname-bin" },
  { programs: "fd fdfind", options: "--exec --exec-batch", letters: "xX" },
  { programs: "ag ack bat man", options: "--pager --html --config-file --preprocessor", letters: "PHC" },
  { programs: "find", options: "-delete -fprint -fprint0 -fprintf -fls -files0-from" },
  { programs: "nc ncat netcat", options: "--exec --sh-exec --lua-exec", letters: "ec" },
  { programs: "tcpdump", letters: "z" },
  { programs: "openssl", options: "-engine -provider" },
  {
    programs: "sqlite3 psql mysql mariadb",
    // Dot commands may be cut short: `.sh`, `.sy`.
    argument:
      /(?:^|\s)\.(?:sh|sy|lo|rea|ex|ed|onc|ou|im|cl)[a-z]*\b|\\[!ogiw]|^\s*(?:system|source)\b|\b(?:to|from)\s+program\b|\b(?:load_extension|writefile|edit)\s*\(/i,
    options: "-init -cmd --init-command --defaults-file --defaults-extra-file --pager --file",
    letters: "fo",
    input: true,
  },
  {
    programs: "gpg gpg2",
    options: "--exec-path --photo-viewer --agent-program --dirmngr-program --options --homedir",
  },
  { programs: "wget", options: "--use-askpass --execute --config", letters: "e" },
  { programs: "curl", options: "--config --engine", letters: "K" },
  {
    programs: "pandoc",
    options: "--filter --lua-filter --pdf-engine --defaults --data-dir",
    letters: "FLd",
  },
  {
    programs: "latex lualatex pdflatex tex luatex pdftex xelatex",
    options: "-shell-escape --shell-escape -enable-write18 --enable-write18",
  },
  { programs: "rpm", options: "--pipe --define --eval --load --rcfile --macros", letters: "DE" },
  { programs: "ar ld nm objdump ranlib", options: "--plugin -plugin", argument: /^@/ },
  { programs: "systemctl", argument: /^edit$/ },
  { programs: "cmake ctest", options: "-P -E -S --build-and-test" },
  {
    programs: `at batch crontab csh dc ed editor elvish emacs ex expect fish gdb gnuplot less lldb m4 more nano newgrp nu nvim
      octave pager parallel pico pwsh R run-parts rview rvim screen script sensible-editor sensible-pager sg socat ssh su tcsh tmux
      vi view vim vimdiff watch xonsh xterm zless zmore`,
    always: true,
  },
];

/** A carrier with its lists taken apart once: every argument of every command is compared with them. */
interface KnownCarrier extends Carrier {
  readonly program: string;
  readonly named: readonly string[];
  readonly clustered: readonly string[];
}

const byProgram: ReadonlyMap<string, readonly KnownCarrier[]> = Map.groupBy(
  carriers.flatMap((carrier) => {
    const named = carrier.options?.split(/\s+/) ?? [];
    const clustered = (carrier.letters ?? "").split("");
    return carrier.programs.split(/\s+/).map((program) => ({ ...carrier, program, named, clustered }));
  }),
  ({ program }) => program,
);

/** Names the way in which a command runs code given as text, or nothing when it has none that is known. */
export function hiddenCodeIn(program: string, args: readonly (string | undefined)[]): string | undefined {
  const name = program.slice(0, 64).replace(/-?[\d.]+$/, "");
  if (name === "sed") return sedDoubt(args);
  for (const carrier of byProgram.get(name) ?? byProgram.get(program) ?? []) {
    const doubt = doubtOf(carrier, name, args);
    if (doubt !== undefined) return doubt;
  }
  return undefined;
}

/** Tells whether a file's name means the input of the program that is given it, or something that is open already. */
export function isInputFile(path: string | undefined): boolean {
  return path !== undefined && inputFile.test(path);
}

/** Tells whether `program` runs the files that it is given as code, as `python3 x.py` does. */
export function runsFiles(program: string): boolean {
  const carrierOf =
    byProgram.get(program.slice(0, 64).replace(/-?[\d.]+$/, "")) ?? byProgram.get(program) ?? [];
  return program === "make" || carrierOf.some(({ input }) => input === true);
}

function doubtOf(
  carrier: KnownCarrier,
  name: string,
  args: readonly (string | undefined)[],
): string | undefined {
  if (carrier.always === true) return `${name} runs whatever it is told`;
  if (carrier.beside !== undefined && !args.some((arg) => carrier.beside?.test(arg ?? "") === true))
    return undefined;
  if (carrier.input === true) {
    const readsInput = args.every((arg) => arg === "-" || arg?.startsWith("-") === true);
    const asksOnly = args.length > 0 && args.every((arg) => /^(--version|--help|-V|-v|-h)$/.test(arg ?? ""));
    if ((readsInput && !asksOnly) || args.some(isInputFile))
      return `${name} runs what it reads from its input`;
  }
  const [first, ...rest] = args;
  const bare = carrier.bareCluster === true && first !== undefined && /^\w+$/.test(first);
  const found = (bare ? [`-${first}`, ...rest] : args).find(
    (arg) => arg !== undefined && carries(carrier, arg),
  );
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

function carries({ named, clustered, argument }: KnownCarrier, arg: string): boolean {
  const option = arg.split("=", 1)[0] ?? arg;
  const abbreviates = option.startsWith("--") && option.length >= 4;
  if (named.some((known) => option === known || (abbreviates && known.startsWith(option)))) return true;
  if (/^-[^-]/.test(arg) && clustered.some((letter) => arg.includes(letter))) return true;
  return argument?.test(arg) === true;
}

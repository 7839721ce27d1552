import { posix } from "node:path";

import type { ShellWord } from "./match-argv.ts";
import type { ShellFile } from "./shell-effects.ts";

/** Programs whose arguments are words, not files. */
const wordPrograms = new Set("[ : echo exit export false printf return test true type which".split(" "));

/** Programs that leave the files they name as they are. */
const readers = new Set(
  `basename cat cd cmp cut diff dirname du egrep fgrep file grep head jq ls md5sum nl od paste pushd readlink realpath rg
  sha1sum sha256sum stat strings tac tail tr tree wc xxd`.split(/\s+/),
);

/** Subcommands of Git that leave the files they name as they are, as files: the repository is another matter. */
const readingGit = /^(add|blame|cat-file|commit|describe|diff|grep|log|ls-files|ls-tree|show|status|tag)$/;

/** Programs that connect to what they name without `https://` before it. */
const connectors = new Set(
  `curl dig ftp host mosh nc ncat netcat nmap nslookup ping rsync scp sftp ssh telnet traceroute wget whois`.split(
    /\s+/,
  ),
);

/** Programs that change the files they name. */
const writers = new Set(
  `chgrp chmod chown cp dd install ln mkdir mkfifo mv patch rm rmdir rsync sed shred tee touch truncate unlink`.split(
    " ",
  ),
);

/** A file that an argument names; `guess` when nothing is known of the program. */
export interface NamedFile extends ShellFile {
  readonly by: "argument" | "guess";
}

/** What a command's arguments seem to name: a guess, for rules that forbid. */
export interface NamedResources {
  readonly files: readonly NamedFile[];
  readonly hosts: readonly string[];
  /** An argument that only running the shell would tell, and that may name a file. */
  readonly computed: string | undefined;
}

/** Guesses the files and the hosts that a command's arguments name: `--file=.env`, `@.env`, `secrets/*`, URLs. */
export function namedResources(argv: readonly ShellWord[]): NamedResources {
  const program = posix.basename(argv[0]?.value ?? "");
  if (wordPrograms.has(program)) return { files: [], hosts: [], computed: undefined };
  const args = argv.slice(1);
  const reads = readers.has(program) || (program === "git" && readingGit.test(subcommandOf(args)));
  const writesBy = writers.has(program) ? "argument" : "guess";
  const paths = new Set(args.flatMap(pathsIn));
  return {
    files: [...paths].flatMap((value): readonly NamedFile[] => {
      const target = { text: value, value };
      const read = { kind: "read", target, by: "argument" } as const;
      return reads ? [read] : [read, { kind: "write", target, by: writesBy }];
    }),
    hosts: args.flatMap(({ text, value }) => hostsIn(value ?? text, connectors.has(program))),
    computed: args.find(({ value }) => value === undefined)?.text,
  };
}

function subcommandOf(args: readonly ShellWord[]): string {
  return args.find(({ value }) => value?.startsWith("-") !== true)?.value ?? "";
}

/** `cat .env`, `--file=.env`, `-f.env`, `@.env`, and the folder of `secrets/*`. */
function pathsIn({ text, value }: ShellWord): readonly string[] {
  if (value === undefined) {
    const known = text.replace(/[*?[{$`"'\\].*$/s, "");
    const folder = known.slice(0, known.lastIndexOf("/") + 1);
    return folder === "" ? [] : [folder];
  }
  const written = [value, value.slice(value.indexOf("=") + 1), value.replace(/^(@|-\w)/, "")];
  const url = /^file:\/\/[^/]*(\/.*)$/is.exec(value)?.[1];
  return [...written, ...(url === undefined ? [] : [decoded(url)])].filter((path) => path !== "");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function hostsIn(word: string, connects: boolean): readonly string[] {
  const url = /\w:\/\/(?:[^/?#\s]*@)?(\[[^\]\s]*\]|[^/?#:\s'"]+)/.exec(word)?.[1];
  if (url !== undefined) return /^file:/i.test(word) ? [] : [url];
  const login = /^[\w.+-]+@([\w.-]+)(?::|$)/.exec(word)?.[1];
  if (login !== undefined) return [login];
  const bare = connects ? /^([\w-]+(?:\.[\w-]+)+\.?)(?:[:/?#]|$)/.exec(word)?.[1] : undefined;
  return bare === undefined ? [] : [bare];
}

import { posix } from "node:path";

import { runsFiles } from "./hidden-code.ts";
import type { Doubt, ShellEffects } from "./shell-effects.ts";

const shells = /^(?:ba|da|a|k|mk|rba|ya|z)?sh$/;

/** Programs that leave the files they name as they are. */
const readers = new Set(
  "[ : basename cat cd cmp diff dirname du echo egrep fgrep file grep head ls md5sum nl od printf pwd readlink realpath rg sha256sum stat tail test type wc which".split(
    " ",
  ),
);

/**
 * What is doubtful because source runs a file that it may have made itself: `echo 'rm x' > s; sh s`. The file's text is
 * not what anybody saw, whatever it was before.
 */
export function writtenCodeDoubts({ commands, files }: ShellEffects): readonly Doubt[] {
  const written = new Set(
    files.filter(({ kind }) => kind === "write").map(({ target }) => nameOf(target.value)),
  );
  for (const { argv } of commands) {
    const program = posix.basename(argv[0]?.value ?? "");
    if (readers.has(program) || runs(program)) continue;
    for (const { value } of argv.slice(1)) written.add(nameOf(value?.replace(/^(?:-\w|--[\w-]+=|\w+=)/, "")));
  }
  written.delete(undefined);
  const run = commands.flatMap(({ argv }) => {
    const [program, ...args] = argv.map(({ value }) => value);
    const operands = runs(posix.basename(program ?? "")) ? args : [];
    return [...(program?.includes("/") === true ? [program] : []), ...operands].map(nameOf);
  });
  const found = run.find((name) => name !== undefined && written.has(name));
  return found === undefined
    ? []
    : [{ reason: `it runs ${found.slice(0, 40)}, which it may have written itself`, hides: "command" }];
}

function runs(program: string): boolean {
  return shells.test(program) || runsFiles(program);
}

/** Folders change; the name stays. */
function nameOf(path: string | undefined): string | undefined {
  return path === undefined || path === "" ? undefined : posix.basename(path);
}

import { pick } from "./generate.ts";

/** Pieces of shell source that mean something, alone and beside each other; `a1` to `a3` are programs. */
const tokens: readonly string[] = [
  ..."a1|a1 x|a2|a2 y|a1 x y|echo|echo a2|true|cat|x|y|a|'|\"|\\|`|$(|)|(|{ | }|;| ; |&&| || |&|;;|&>|<|>|>>|<<<".split(
    "|",
  ),
  ..."<<E|<<-E|<<'E'|E|#| #|$|${|}|${x:-|${x#|${x/|$((|))|((|[[ | ]]|[ | ]|$'|\\n|if |then |fi|; do |done".split(
    "|",
  ),
  ..."for i in 1; do |while |case a in a) |;; esac|esac|in |!|! |time |function f |f() |f|coproc |env |timeout 9 ".split(
    "|",
  ),
  ..."nice |bash -c |sh -c |eval |command |builtin |exec |nohup |xargs |'a2 y'|\"a2 y\"|x=1 |x=|${ |*|?|[|]|~|=|+".split(
    "|",
  ),
  ...'-|--|-c|<(|>(|2>&1|>&2|{fd}>o | |  |$x|"$x"|@(|!(|\\\\|\'\'|""|$"|$[|select i in a; do |until |%|^|a2;|<>'.split(
    "|",
  ),
  ..."<&|<&-|>&-|1|0|9|EOF".split("|"),
  "|",
  "||",
  "|&",
  ">|",
  "\n",
  "\nE\n",
  "\\\n",
  "\t",
  "\r",
  "&&\n",
  "|\n",
];

const commands = ["a1", "a1 x", "true", "echo a", "a2 y", "cat"];

/** Makes shell source that is often just about valid: what a parser and Bash may read differently. */
export function shellSoup(random: () => number): string {
  const command = (): string => pick(random, commands);
  const soup = (most: number): string =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => {
      return pick(random, tokens) + (random() < 0.35 ? " " : "");
    }).join("");
  const shapes: readonly (() => string)[] = [
    () => `${command()} ${soup(3)} ${command()}`,
    () => soup(8),
    () => `cat <<E\n${soup(3)}\nE\n${command()}`,
    () => `cat <<'E'\n${soup(3)}\nE\n${command()}`,
    () => `cat <<-E\n\t${soup(2)}\n\tE\n${command()}`,
    () => `cat <<E ${soup(1)} <<'F'\n${soup(1)}\nE\n${soup(1)}\nF\n${soup(2)}`,
    () => `echo "${soup(3)}"`,
    () => `echo ${soup(2)} '${soup(2)}' ${command()}`,
    () => `bash -c '${soup(4)}'`,
    () => `sh -c '${soup(4)}'`,
    () => `sh -c "${soup(4)}"`,
    () => `env sh -c '${soup(3)}' ${soup(1)}`,
    () => `eval '${soup(3)}'`,
    () => `echo $(${soup(3)})`,
    () => `case x in ${soup(2)}) ${command()};; esac`,
    () => `if ${soup(2)}; then ${command()}; fi`,
    () => `${command()} # ${soup(2)}\n${command()}`,
    () => `echo \${x:-${soup(2)}}`,
    () => `echo $'${soup(2)}' ${soup(1)}`,
    () => `{ ${soup(3)}; }`,
    () => `(${soup(3)})`,
  ];
  return pick(random, shapes)();
}

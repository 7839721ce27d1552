/**
 * What runs in the pod beside the commands themselves: POSIX `sh`, with the small programs that every usual image has.
 *
 * Words of a command travel on standard input or in a file, never in the script: the API server writes the words of an exec
 * in its audit log, and variables may be confidential.
 */

const kill = `
each() { for found in $(grep -ls -- "$mark" /proc/[0-9]*/environ 2>/dev/null); do found=\${found#/proc/}; echo "\${found%/environ}"; done; }
# Whether a process is just becoming another program: for that moment its variables cannot be read.
between() {
  for bare in $(grep -Ls . /proc/[0-9]*/environ 2>/dev/null); do
    read -r line 2>/dev/null < "\${bare%environ}stat" || continue
    case \${line##*) } in [ZX]*) ;; *) return 0;; esac
  done
  return 1
}
# Done only when three looks in a row find nothing and no process came or went meanwhile: one that is looked at may just have
# started another and ended, or be unreadable for the moment in which it is looked at.
end() {
  round=0; patience=60; calm=0
  while [ "$round" -lt 100 ]; do
    set -- /proc/[0-9]*; before=$*
    ids=$(each)
    if [ -n "$ids" ]; then
      kill -KILL $ids 2>/dev/null; calm=0; round=$((round + 1)); [ "$round" -lt 5 ] || sleep 0.01
      continue
    fi
    if between; then settled=; sleep 0.005; else settled=yes; fi
    set -- /proc/[0-9]*
    if [ "$settled" = yes ] && [ "$before" = "$*" ]; then calm=$((calm + 1)); else calm=0; fi
    patience=$((patience - 1))
    [ "$calm" -lt 3 ] && [ "$patience" -gt 0 ] || return 0
  done
  return 1
}`;

/**
 * Becomes a command. The job, a text of \`$2\` bytes on standard input or the file \`$2\`, sets \`nonce\`, \`mark\`, \`cwd\`,
 * \`program\`, \`path\`, \`input\` and \`size\`, and the words of \`env -i\` as parameters. The first line that it says begins with the nonce: whether
 * the command is started, or why not. Whatever carries the mark is dead when this ends.
 */
export const runScript: string = `${kill}
say() { printf '%s:%s\\n' "$nonce" "$1" >&2; exit 125; }
case $1 in
file) job=$(cat "$2"; rm -f "$2");;
*) job=$(dd bs="$2" count=1 iflag=fullblock 2>/dev/null);;
esac
eval "$job"
[ -n "$path" ] || path=$PATH
[ -e "$cwd" ] || say missing
[ -d "$cwd" ] && cd -- "$cwd" 2>/dev/null || say folder
case $program in
*=*) say program;;
*/*) [ -f "$program" ] && [ -x "$program" ] || say program;;
*) set -f; IFS=:; found=; for folder in $path; do
  if [ -f "\${folder:-.}/$program" ] && [ -x "\${folder:-.}/$program" ]; then found=yes; break; fi
done; unset IFS; set +f; [ -n "$found" ] || say program;;
esac
set -- env -i "PATH=$path" "$@"
printf '%s:started\\n' "$nonce" >&2
[ "$input" = yes ] || exec </dev/null
exec 3>&2 2>/dev/null
if [ -n "$size" ]; then
  stty $size; trap : INT QUIT HUP
  "$@" 2>&3 3>&-
else setsid "$@" 2>&3 3>&-
fi
code=$?
end
exit "$code"
`;

/** Asks whatever carries the mark \`$1\` to end, and ends it a tenth of a second later. Answers 1 when it could not. */
export const killScript: string = `${kill}
mark=$1
ids=$(each)
[ -z "$ids" ] || kill -TERM $ids 2>/dev/null
round=0; while [ "$round" -lt 10 ] && [ -n "$(each)" ]; do sleep 0.01; round=$((round + 1)); done
end
`;

/** Writes standard input to the new file \`$1\`, which nobody else may read. */
export const stageScript: string = `umask 077; set -C; cat > "$1"`;

const resolve = `
# Sets real to the path $1 with every link resolved; what is not there is kept as it is named.
resolve() {
  rest=\${1#/}; real=; links=0
  while [ -n "$rest" ]; do
    name=\${rest%%/*}
    case $rest in */*) rest=\${rest#*/};; *) rest=;; esac
    case $name in '' | .) continue;; ..) real=\${real%/*}; continue;; esac
    if [ -L "$real/$name" ]; then
      links=$((links + 1)); [ "$links" -le 40 ] || { answer loop; exit 0; }
      target=$(readlink "$real/$name"; echo x); target=\${target%
x}
      case $target in /*) real=; rest=\${target#/}\${rest:+/$rest};; *) rest=$target\${rest:+/$rest};; esac
    else real=$real/$name; fi
  done
  [ -n "$real" ] || real=/
}
answer() { printf '%s\\0%s\\0' "$1" "$real"; }
# Why the folder $1 cannot be entered.
why() {
  if [ -d "$1" ]; then echo forbidden; return; fi
  above=$1
  while [ ! -e "$above" ] && [ -n "$above" ]; do above=\${above%/*}; done
  if [ -d "\${above:-/}" ]; then echo missing; else echo nofolder; fi
}
# Enters the folder of $real, and makes sure that it is that one: from then on names are relative to the folder itself.
enter() {
  base=\${real##*/}; folder=\${real%/*}; folder=\${folder:-/}
  cd -P -- "$folder" 2>/dev/null || { answer "$(why "$folder")"; exit 0; }
  [ "$(pwd -P)" = "$folder" ] || { answer moved; exit 0; }
}
`;

/** Answers \`ok\`, NUL, the real path of \`$1\`, NUL. */
export const resolveScript: string = `${resolve}
resolve "$1"
answer ok
`;

/** Answers what is known of \`$1\`: a word, NUL, the real path, NUL, and then mode in hexadecimal digits and size. */
export const statScript: string = `${resolve}
resolve "$1"
enter
if [ ! -e "./$base" ] && [ ! -L "./$base" ]; then answer missing; exit 0; fi
known=$(stat -c '%f %s' -- "./$base" 2>/dev/null) || { answer forbidden; exit 0; }
answer ok
printf '%s' "$known"
`;

/** Answers a word, NUL, the real path of \`$1\`, NUL, and the file's bytes. Pipes and devices are not opened. */
export const readScript: string = `${resolve}
resolve "$1"
enter
if [ -d "./$base" ]; then answer isfolder; exit 0; fi
if [ ! -e "./$base" ]; then answer missing; exit 0; fi
if [ ! -f "./$base" ]; then answer nofile; exit 0; fi
if [ ! -r "./$base" ]; then answer forbidden; exit 0; fi
exec 3< "./$base"
# What is read may be replaced meanwhile: then it is the old file, whole.
case $(readlink "/proc/$$/fd/3") in "$real" | "$real (deleted)") ;; *) answer moved; exit 0;; esac
answer ok
exec cat <&3
`;

/**
 * Answers \`ok\`, NUL, the real path of \`$1\`, NUL; and once a line came, writes the rest of standard input, \`$3\` bytes, there, with
 * mode \`$2\` where it is new. \`$4\` is \`yes\` when it must be. \`$5\` names the temporary file. Answers a word, NUL, the path, NUL.
 */
export const writeScript: string = `${resolve}
resolve "$1"
answer ok
read -r go || exit 0
base=\${real##*/}
part=; rest=\${real%/*}; rest=\${rest#/}
cd /
while [ -n "$rest" ]; do
  name=\${rest%%/*}
  case $rest in */*) rest=\${rest#*/};; *) rest=;; esac
  part=$part/$name
  [ -d "./$name" ] || mkdir "./$name" 2>/dev/null
  cd -P "./$name" 2>/dev/null || { answer "$(why "$part")"; exit 0; }
  [ "$(pwd -P)" = "$part" ] || { answer moved; exit 0; }
done
if [ -d "./$base" ] && [ ! -L "./$base" ]; then answer isfolder; exit 0; fi
if [ -e "./$base" ] && [ ! -f "./$base" ]; then answer nofile; exit 0; fi
trap 'rm -f "./$5"' EXIT
umask 077; set -C
cat 2>/dev/null > "./$5" || { answer unwritable; exit 0; }
[ "$(stat -c %s "./$5")" = "$3" ] || { answer cut; exit 0; }
mode=$2
if [ -f "./$base" ] && [ ! -L "./$base" ]; then mode=$(stat -c %a -- "./$base"); fi
chmod "$mode" "./$5" || { answer unwritable; exit 0; }
sync "./$5" 2>/dev/null
if [ "$4" = yes ]; then
  ln -T "./$5" "./$base" 2>/dev/null || { if [ -e "./$base" ] || [ -L "./$base" ]; then answer exists; else answer unwritable; fi; exit 0; }
else mv -f -T "./$5" "./$base" 2>/dev/null || { answer unwritable; exit 0; }
fi
answer ok
`;

/** What {@link reachScript} ends with; anything else means that it was not tried. */
export const reached = 10;
export const notReached = 11;

/** Tries to reach `$1` at port `$2`. */
export const reachScript: string = `
if command -v bash >/dev/null; then
  # A machine under load may take long to start a program: what took too long is tried once more.
  for try in 1 2; do
    timeout 4 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null
    case $? in 0) exit ${reached};; 124) ;; *) exit ${notReached};; esac
  done
  exit ${notReached}
fi
if command -v nc >/dev/null; then
  nc -w 3 "$1" "$2" </dev/null >/dev/null 2>&1 && exit ${reached}
  exit ${notReached}
fi
exit 0
`;

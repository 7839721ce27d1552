/**
 * The first process of a container, as a POSIX shell script: it ends what commands leave behind. Nothing in the container
 * can kill it, and when Tau is gone its input ends, and the container with it.
 *
 * Arguments: folders that commands may write, the workspace left out. It reads lines: `term`, which asks every process to
 * end, and `sweep <word>`, which ends them all and says `swept <word> clean|used|stuck` once none is left: `clean` when
 * the folders hold what they held in the beginning.
 */
export const supervisorScript: string = String.raw`
trap '' HUP INT TERM QUIT PIPE
umask 077
mkdir -p /tmp/home 2>/dev/null
list() {
  for folder in "$@"; do
    [ -r "$folder" ] && [ -x "$folder" ] || continue
    echo "$folder/"
    for entry in "$folder"/* "$folder"/.[!.]* "$folder"/..?*; do
      if [ -e "$entry" ] || [ -L "$entry" ]; then echo "$entry"; fi
    done
  done
}
before=$(list "$@")
echo ready
# Starting something is also what makes every shell collect the dead that it inherited.
sweep() {
  rounds=0
  while kill -KILL -1 2>/dev/null; do
    ( : )
    rounds=$((rounds + 1))
    [ "$rounds" -lt 5000 ] || return 1
  done
}
while :; do
  read -r order word
  code=$?
  [ "$code" -gt 128 ] && continue
  [ "$code" -eq 0 ] || break
  case $order in
  term) kill -TERM -1 2>/dev/null ;;
  sweep)
    if ! sweep; then state=stuck
    elif [ "$(list "$@")" = "$before" ]; then state=clean
    else state=used; fi
    echo "swept $word $state"
    ;;
  esac
done
sweep
exit 0
`;

/**
 * Starts one command, as a POSIX shell script, and ends what it leaves behind: so its output ends with it.
 *
 * Arguments: a word, the folder, rows and columns or two empty words, `null` for no input, the command. The last thing said
 * is a zero byte and `tau-<word> exit <code>`, or `tau-<word> no folder|program|terminal` when it cannot be started.
 */
export const launcherScript: string = String.raw`
trap : HUP INT TERM QUIT
set -f
word=$1 folder=$2 rows=$3 columns=$4 input=$5
shift 5
say() { printf '\000tau-%s %s\n' "$word" "$1" >&2; }
refuse() { say "no $1"; exit 126; }
cd -- "$folder" 2>/dev/null || refuse folder
if [ -n "$rows" ]; then stty rows "$rows" columns "$columns" 2>/dev/null || refuse terminal; fi
runs() { [ -f "$1" ] && [ -x "$1" ]; }
found() {
  case $1 in */*) runs "$1"; return ;; esac
  before=$IFS; IFS=:
  for place in $PATH; do if runs "$place/$1"; then IFS=$before; return 0; fi; done
  return 1
}
found "$1" || refuse program
if [ "$input" = null ]; then exec </dev/null; fi
exec 3>&2 2>/dev/null
( exec "$@" 2>&3 3>&- )
code=$?
kill -KILL -1
exec 2>&3 3>&-
say "exit $code"
exit "$code"
`;

# shellcheck shell=bash disable=SC2034
# Sourced by the scripts: the path of the repository, one clear line for each error, steps with their times.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
log=$repository/build/setup.log
export LC_ALL=C.UTF-8  # reason_after() searches messages in English

if [[ -t 1 ]]; then bold=$'\e[1m' faint=$'\e[2m' plain=$'\e[0m'; else bold='' faint='' plain=''; fi

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

usage_error() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}

# value_of OPTION [VALUE]: prints the value, or ends the script with a usage error. Call it as: x=$(value_of "$@") && shift
value_of() {
  (($# >= 2)) && [[ -n $2 ]] || usage_error "$1 needs a value; ${0##*/} --help lists the options"
  printf '%s\n' "$2"
}

# path_of OPTION [VALUE]: the same for a path, which is relative to the caller's folder: call it before any cd.
path_of() {
  local value
  value=$(value_of "$@") || exit  # a command substitution ignores set -e
  realpath -ms -- "$value"
}

# Prints a number of seconds as "1 min 5 s".
duration() {
  if (($1 >= 60)); then printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); else printf '%d s' "$1"; fi
}

# Prints the header of a script, from its second line to the last comment.
print_header() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"; }

# quietly WHAT COMMAND...: runs the command with its output in the log; if it fails, says why in one line.
quietly() {
  local what=$1 status=0
  shift
  mkdir -p "$(dirname "$log")"
  printf '\n== %s\n' "$*" >> "$log"
  local begin
  begin=$(wc -l < "$log")
  "$@" >> "$log" 2>&1 < /dev/null || status=$?
  ((status == 0)) && return 0
  fail "$what: $(reason_after "$begin") (details: ${log#"$repository"/})"
}

# Prints why a command failed, from its output after line $1 of the log.
reason_after() {
  local text
  text=$(tail -n "+$(($1 + 1))" "$log")
  if grep -qiE 'no space left|disk quota|not enough free space' <<< "$text"; then
    say "the disk is full"
  elif grep -qiE 'certificate[ _]verify[ _]failed' <<< "$text"; then
    say "the server's certificate was not accepted; PIP_CERT can name the certificates to trust"
  elif grep -qiE 'temporary failure|could not resolve|name or service not known|network is unreachable|max retries|connection (refused|reset|timed out|broken)|newconnectionerror|proxyerror|cannot connect to proxy|timed out|failed to fetch|no route to host' <<< "$text"; then
    say "the network did not answer; nothing was installed partially; run it again when the network works"
  elif grep -qiE 'unable to locate package|no matching distribution' <<< "$text"; then
    grep -iE -m1 'unable to locate package|no matching distribution' <<< "$text" | sed 's/^E: //; s/^ERROR: //'
  elif grep -qiE 'could not get lock' <<< "$text"; then
    say "another package manager is running; run it again when that one is done"
  elif grep -q '^CMake Error' <<< "$text"; then
    sed -n '/^CMake Error/,/^Call Stack/{/^Call Stack/q;p}' <<< "$text" | grep . | head -n 3 | tr -s '\n ' ' '
  else
    grep -v '^[[:space:]]*$' <<< "$text" | tail -n 1
  fi
}

# require_space FOLDER MEGABYTES WHAT: fails if the file system of FOLDER has less than that left.
require_space() {
  local left
  left=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
  ((left >= $2)) || fail "$3 needs $2 MB of disk space, but only $left MB are free on the file system of $1"
}

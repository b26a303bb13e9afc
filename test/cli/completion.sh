#!/usr/bin/env bash
# usage: completion.sh PROGRAM
#
# The completion as bash calls it: the words of a command line, split at blanks, `=` and `:`, with the cursor at the end. Then the
# manual page, by the program that shows it. Says which claim failed.
set -uo pipefail

program=$(realpath -- "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

fail() {
  printf 'FAILED: %s\n' "$1"
  failures=$((failures + 1))
}

# complete_line LINE: the answers of the completion with the cursor at the end of the line, one per line. The words are split as
# readline does.
complete_line() {
  COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=() COMPREPLY=()
  local rest=$1
  while [[ -n $rest ]]; do
    if [[ $rest =~ ^[[:blank:]]+ ]]; then
      rest=${rest:${#BASH_REMATCH[0]}}
      if [[ -z $rest ]]; then COMP_WORDS+=(''); fi
    elif [[ $rest =~ ^[=:]+ || $rest =~ ^[^[:blank:]=:]+ ]]; then
      COMP_WORDS+=("${BASH_REMATCH[0]}")
      rest=${rest:${#BASH_REMATCH[0]}}
    fi
  done
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _seq2seq
  printf '%s\n' "${COMPREPLY[@]+"${COMPREPLY[@]}"}"
}

# gives LINE WORD...: all of these are among the answers.
gives() {
  local line=$1 answers word
  answers=$(complete_line "$line")
  shift
  for word in "$@"; do
    grep -qxF -- "$word" <<< "$answers" || fail "\`$line\` gives $word, not only: ${answers//$'\n'/ }"
  done
}

# gives_only LINE WORD...: these and no others, in any order.
gives_only() {
  local line=$1 answers
  answers=$(complete_line "$line" | sort)
  shift
  [[ $answers == "$(printf '%s\n' "$@" | sort)" ]] || fail "\`$line\` gives $* and nothing else, not: ${answers//$'\n'/ }"
}

test_commands() {
  local command help
  gives 'seq2seq ' train translate study config
  gives_only 'seq2seq tr' train translate
  gives_only 'seq2seq config ' reference check
  gives_only 'seq2seq nonsense ' ''
  # What `--help` shows of a command, and no more.
  for command in train translate 'study run'; do
    # shellcheck disable=SC2086
    help=$("$program" $command --help | grep -oE '^ +(-h,)?--[a-z-]+' | grep -oE '\-\-[a-z-]+')
    # shellcheck disable=SC2086
    gives_only "seq2seq $command -" $help
  done
}

test_files() {
  gives_only 'seq2seq train ' runs 'two words' toy.yaml sources
  gives_only 'seq2seq train to' toy.yaml
  gives_only 'seq2seq translate ' runs 'two words'
  gives_only 'seq2seq translate runs so' sources
  gives_only 'seq2seq translate --beam 3 runs --output so' sources
  gives_only 'seq2seq translate runs --output=so' sources
  gives_only 'seq2seq evaluate runs --device c' cpu cuda
  gives_only 'seq2seq evaluate runs --device=cp' cpu
  gives_only 'seq2seq translate runs --checkpoint ' best last
  gives_only 'seq2seq translate runs --beam ' ''
  gives_only 'seq2seq translate runs sources ' ''
}

test_keys() {
  gives 'seq2seq train toy.yaml --set ' seed= train.optimizer.kind= train.optimizer.beta1= decode.beam=
  gives_only 'seq2seq train toy.yaml --set train.batch.sen' train.batch.sentences=
  gives_only 'seq2seq train toy.yaml --set=train.batch.sen' train.batch.sentences=
  gives 'seq2seq train toy.yaml --set train.optimizer.kind=' sgd adam adamw
  gives_only 'seq2seq train toy.yaml --set train.optimizer.kind=s' sgd
  gives_only 'seq2seq train toy.yaml --set=train.optimizer.kind=s' sgd
  gives_only 'seq2seq train toy.yaml --set data.train.source=so' sources
  gives_only 'seq2seq train toy.yaml --set train.batch.sentences=' ''
  gives 'seq2seq config reference train.opt' train.optimizer train.optimizer.kind
  # Keys that the reference has, a sample of them: each start costs a quarter of a second.
  local keys key
  keys=$(complete_line 'seq2seq train --set ' | sed 's/=$//')
  while read -r key; do
    "$program" config reference "$key" > /dev/null 2>&1 || fail "the reference has $key"
  done < <(sed -n '1~12p' <<< "$keys")
}

test_manual_page() {
  "$program" man > seq2seq.1 || fail "the manual page is written"
  local option
  for option in $("$program" train --help | grep -oE '\-\-[a-z-]+' | sort -u); do
    [[ $option == --help ]] || grep -qF -- "${option//-/\\-}" seq2seq.1 || fail "the manual page has $option of train"
  done
  local warnings
  if command -v groff > /dev/null; then
    warnings=$(groff -man -ww -z -Tutf8 seq2seq.1 2>&1) || true
  elif command -v man > /dev/null; then
    warnings=$(MANWIDTH=100 man --warnings -E UTF-8 -l seq2seq.1 2>&1 > /dev/null) || true
  else
    printf 'skipped: no groff and no man to read the manual page with\n'
    return
  fi
  [[ -z $warnings ]] || fail "the manual page is read without a warning: $warnings"
}

"$program" completion bash > completion.bash || fail "the completion is written"
[[ $("$program" completion fish 2>&1) == *'unknown shell `fish`'* ]] || fail "another shell is refused by name"
# shellcheck disable=SC1091
source ./completion.bash || fail "bash takes the completion"
[[ $(complete -p seq2seq) == *'-F _seq2seq seq2seq' ]] || fail "it is registered for seq2seq"
mkdir files && cd files || exit 1
mkdir runs 'two words'
touch toy.yaml sources
test_commands
test_files
test_keys
test_manual_page
if ((failures > 0)); then
  printf '%d claims failed\n' "$failures"
  exit 1
fi
printf 'all claims hold\n'

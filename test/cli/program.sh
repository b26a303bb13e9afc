#!/usr/bin/env bash
# usage: program.sh PROGRAM
#
# The real program, as a shell sees it: exit codes, signals, pipes, a kill in mid-training. Says which claim failed.
set -uo pipefail

program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

fail() {
  printf 'FAILED: %s\n' "$1"
  [[ -s err ]] && sed 's/^/    /' err
  failures=$((failures + 1))
}

# expect CODE CLAIM COMMAND...: runs the program with standard input as it stands; its output goes to `out` and `err`.
expect() {
  local code=$1 claim=$2 found=0
  shift 2
  "$program" "$@" > out 2> err || found=$?
  [[ $found == "$code" ]] || fail "$claim: exit code $found, not $code"
}

says() { grep -qF -- "$1" err || fail "says: $1"; }

same_weights() {
  cmp -s "$1/checkpoints/$3/weights.safetensors" "$2/checkpoints/$3/weights.safetensors" || fail "$4"
}

make_data() {
  local a b c d
  for a in x y z; do for b in x y z; do for c in u v w; do for d in u v w; do printf '%s %s %s %s\n' $a $b $c $d; done; done; done; done > sources
  awk '{ print $4, $3, $2, $1 }' sources > targets
  cat > toy.yaml << 'YAML'
data:
  train: {source: sources, target: targets}
  validation: {source: sources, target: targets}
  test: {source: sources, target: targets}
model:
  embedding: {size: 16}
  encoder: {layers: 1, cells: 32}
  decoder: {layers: 1, cells: 32}
  dropout: {embedding: 0.1}
train:
  batch: {sentences: 8}
  optimizer: {kind: adam, learning_rate: 0.01}
  updates: 400
  validate: {every_updates: 100}
  checkpoint: {every_updates: 20, keep: 3}
YAML
}

test_usage() {
  expect 0 "version" --version < /dev/null
  expect 2 "no command" < /dev/null
  expect 2 "an unknown option" train --verbos < /dev/null
  expect 2 "a misspelled key" train toy.yaml --set train.optimizer.learning_rat=1 < /dev/null
  says '--set train.optimizer.learning_rat=1: unknown key `train.optimizer.learning_rat`; did you mean `train.optimizer.learning_rate`?'
  [[ ! -e runs ]] || fail "a refused configuration leaves no folder"
  expect 1 "a run that is not there" translate nowhere < /dev/null
}

test_streams() {
  local words
  for words in --help --version help; do
    "$program" $words > /dev/full 2> err && fail "$words succeeds without writing anything"
    says '<stdout>: cannot be written'
  done
  "$program" train toy.yaml --run closed --threads 1 --set train.updates=5 2>&- || fail "training with a closed standard error"
  grep -q 'a new run' closed/lock && fail "messages of a closed standard error are in a file of the run"
  return 0
}

# Checkpoints named from inside the run.
test_checkpoint_paths() {
  head -n 2 sources > two
  "$program" translate whole two --quiet > expected 2> err || fail "translating"
  (cd whole/checkpoints && "$program" translate best ../../two --quiet) > out 2> err || fail "the checkpoint best, named in its folder"
  cmp -s expected out || fail "best in its folder is the run's best checkpoint"
  (cd "whole/checkpoints/$(< whole/checkpoints/best)" && "$program" translate . ../../../two --quiet) > out 2> err || fail "a checkpoint named from inside"
  cmp -s expected out || fail "a checkpoint from inside is the run's best one"
}

test_kernel_check() {
  expect 0 "kernels agree with LibTorch's operators" train toy.yaml --check-kernels 1 --threads 1 < /dev/null
  grep -q '^decoder.lstm layer 1 .* gradients of parameters ' out || fail "the kernel check lists each layer"
  [[ ! -e runs ]] || fail "the kernel check leaves no folder"
  expect 2 "no batch to check" train toy.yaml --check-kernels 0 < /dev/null
  expect 2 "kernels of an old run" train --resume nowhere --check-kernels 1 < /dev/null
  says '--check-kernels: cannot be combined with `--resume`: it examines a new run'
  expect 2 "two ways to stop before a run" train toy.yaml --explain --check-kernels 1 < /dev/null
}

test_training() {
  expect 0 "training" train toy.yaml --run whole --threads 1
  [[ ! -s out ]] || fail "training prints nothing on standard output"
  expect 0 "resuming a finished run" train --resume whole
  says 'to extend it'
  expect 0 "training into the default folder" train toy.yaml --threads 1 --quiet --set train.updates=5
  [[ -e runs/toy/run.json ]] || fail "the default folder is runs/ and the configuration's name"
}

# Waits until the run in the background has a checkpoint, or a minute is over.
wait_for_checkpoint() {
  local tries
  for ((tries = 0; tries < 600; ++tries)); do
    [[ -e $1/checkpoints/last ]] && return
    sleep 0.1
  done
  fail "no checkpoint in $1 within a minute"
}

# These trainings are so long that the signal comes before their end.
test_interrupt() {
  local signal process code=0 long=(--threads 1 --set train.updates=1200)
  expect 0 "a longer training" train toy.yaml --run long "${long[@]}"
  for signal in INT TERM; do
    # In a script, processes in the background ignore SIGINT unless job control is on.
    set -m
    "$program" train toy.yaml --run "cut-$signal" "${long[@]}" > out 2> err &
    process=$!
    set +m
    wait_for_checkpoint "cut-$signal"
    kill -s "$signal" "$process" 2> /dev/null
    code=0
    wait "$process" || code=$?
    ((code != 0)) || { fail "training was never interrupted: it ended before SIG$signal" && continue; }
    [[ $code == 130 ]] || fail "SIG$signal in training ends with $code, not 130"
    says "a second signal stops at once"
    says "seq2seq train --resume cut-$signal"
    expect 0 "resuming after SIG$signal" train --resume "cut-$signal" --threads 1
    same_weights long "cut-$signal" 1200 "after SIG$signal and --resume the weights are those of a whole run"
  done
}

test_kill() {
  "$program" train toy.yaml --run killed --threads 1 > out 2> err &
  local process=$!
  wait_for_checkpoint killed
  kill -KILL "$process" 2> /dev/null
  wait "$process" 2> /dev/null
  expect 0 "resuming after kill -9" train --resume killed --threads 1
  same_weights whole killed 400 "after kill -9 and --resume the weights are those of a whole run"
}

test_lock() {
  "$program" train toy.yaml --run locked --threads 1 --set train.updates=100000 > /dev/null 2>&1 &
  local process=$!
  wait_for_checkpoint locked
  expect 1 "a run in use" train --resume locked
  says "is using this run"
  kill -KILL "$process"
  wait "$process" 2> /dev/null
}

test_translation() {
  head -n 40 sources > some
  printf '\n' >> some
  tail -n 30 sources >> some
  "$program" translate whole < some > piped 2> err || fail "translating from a pipe"
  [[ $(wc -l < piped) == 71 ]] || fail "one line for each line, an empty one too"
  while read -r line; do printf '%s\n' "$line" | "$program" translate whole --quiet; done < <(sed -n '1p;7p;50p;71p' some) > alone
  sed -n '1p;7p;50p;71p' piped | cmp -s - alone || fail "lines keep their order and do not depend on each other"
  "$program" translate whole some --output filed && cmp -s piped filed || fail "--output writes the same"
  yes 'x y u v' | head -n 3000 | { "$program" translate whole 2> err; printf '%s' $? > code; } | head -n 1 > out
  [[ $(cat code) == 141 && ! -s err ]] || fail "a reader that goes ends translating quietly, as SIGPIPE would: exit code $(cat code)"
  for ((i = 0; i < 40; ++i)); do cat sources; done > many_sources
  for ((i = 0; i < 40; ++i)); do cat targets; done > many_targets
  { "$program" score whole many_sources many_targets --per-token 2> err; printf '%s' $? > code; } | head -n 1 > out
  [[ $(cat code) == 141 ]] || fail "a reader that goes ends scoring as SIGPIPE would: exit code $(cat code)"
  grep -q 'tokens with end symbols' err && fail "no summary of pairs that nobody got"
  gzip -c sources > sources.gz
  "$program" translate whole sources > plain 2> err || fail "translating a file"
  "$program" translate whole sources.gz 2> err | cmp -s - plain || fail "a packed file is translated like a plain one"
  "$program" translate whole < sources.gz 2> err | cmp -s - plain || fail "packed standard input is translated like plain"
  "$program" score whole sources targets > plain 2> err || fail "scoring files"
  "$program" score whole <(cat sources) <(gzip -c targets) 2> err | cmp -s - plain || fail "pipes are scored like files"
  if [[ -e /dev/full ]]; then
    code=0
    "$program" translate whole some > /dev/full 2> err || code=$?
    [[ $code == 1 ]] || fail "a full disk behind standard output: exit code $code, not 1"
    says "No space left"
  fi
}

# A line is answered while its writer waits for the answer. The limit is for a program that does not answer.
test_conversation() {
  local answer first to process
  read -r first < piped
  coproc TRANSLATE { "$program" translate whole --quiet 2> err; }
  to=${TRANSLATE[1]} process=$TRANSLATE_PID
  for _ in 1 2; do
    head -n 1 some >&"$to"
    answer=nothing
    read -r -t 60 answer <&"${TRANSLATE[0]}"
    [[ $answer == "$first" ]] || fail "a line is answered before the next is written: $answer"
  done
  exec {to}>&-
  wait "$process" || fail "a conversation ends with its input"
}

test_bad_input() {
  printf 'x y\nx \xc3(\n' > bad
  expect 1 "invalid UTF-8" translate whole bad
  says "bad:2:3: byte 0xC3"
  head -n 5 sources > five
  head -n 4 targets > four
  expect 1 "unequal numbers of lines" score whole five four
  says "four"
  printf 'BZh91AY&SY' > sources.bz2
  expect 1 "a file packed by bzip2" translate whole sources.bz2
  says "sources.bz2: is compressed with bzip2; decompress it first"
  : > empty
  expect 0 "translating an empty file" translate whole empty
  [[ ! -s out ]] || fail "nothing in, nothing out"
  expect 1 "training on an empty file" train toy.yaml --run none --set data.train.source=empty --set data.train.target=empty
  says "empty"
  [[ ! -e none/run.json ]] || fail "training that cannot begin leaves no run"
  expect 1 "training on files of unequal length" train toy.yaml --run none --set data.train.source=five --set data.train.target=four
  says "five"
  yes x | head -n 100000 | tr '\n' ' ' > long-line
  expect 0 "a line of 100,000 tokens" translate whole long-line --beam 1
  [[ $(wc -l < out) == 1 ]] || fail "a line of 100,000 tokens has one answer"
}

test_damage() {
  cp -r whole damaged
  truncate -s 1000 damaged/checkpoints/400/weights.safetensors
  expect 1 "a truncated checkpoint" translate damaged < sources
  says "damaged/checkpoints/400/weights.safetensors"
  cp -r whole other
  sed -i '$d' other/target.vocabulary
  expect 1 "a vocabulary that does not match" translate other < sources
  says "other/target.vocabulary"
  sed -i 's/"version": [0-9]*/"version": 9/' other/run.json
  expect 1 "a run of another format version" inspect other
  says "format version 9"
}

# Links of this folder stand for those of /dev: a program that replaced one would damage the machine it is tested on.
test_outputs() {
  ln -s /proc/self/fd/1 stdout
  head -n 9 sources > nine
  "$program" translate whole nine > plain 2> err || fail "translating nine lines"
  printf 'before\n' > appended
  "$program" translate whole nine --output stdout >> appended 2> err || fail "--output onto standard output"
  { printf 'before\n'; cat plain; } | cmp -s - appended || fail "standard output as a file is written behind what is there"
  "$program" translate whole nine --output stdout 2> err | cmp -s plain - || fail "standard output as a file may be a pipe"
  "$program" translate whole nine --output >(cat > substituted) 2> err || fail "--output into a process"
  wait $!
  cmp -s plain substituted || fail "--output into a process writes the same"
  [[ -L stdout && $(readlink stdout) == /proc/self/fd/1 ]] || fail "the link to standard output stays what it is"
}

# limited KILOBYTES CLAIM COMMAND...: as `expect 1`, where no file may become larger; one line says so, nothing is left.
limited() {
  local kilobytes=$1 claim="$2, with files of $1 KB at most" found=0
  shift 2
  (ulimit -f "$kilobytes" && exec "$program" "$@" --quiet) > out 2> err || found=$?
  [[ $found == 1 ]] || fail "$claim: exit code $found, not 1"
  [[ $(wc -l < err) == 1 ]] || fail "$claim: one line says what is wrong"
  says "cannot be written: File too large"
  [[ -z $(find . -name '.*.partial' -o -name '.*.offsets' -o -name '.*.replaced') ]] || fail "$claim: something half-written is left"
}

test_size_limit() {
  rm -rf killed locked  # a process that was killed may leave a temporary file
  local short=(--threads 1 --set train.updates=20 --set train.checkpoint.every_updates=20)
  limited 1 "training" train toy.yaml --run limited "${short[@]}"
  [[ ! -e limited/run.json && ! -e limited/config.yaml ]] || fail "a run that could not be written leaves a part of it"
  expect 0 "training after that" train toy.yaml --run limited "${short[@]}"
  mv limited short
  limited 16 "a checkpoint" train toy.yaml --run limited "${short[@]}"
  expect 0 "resuming without a checkpoint" train --resume limited --threads 1
  same_weights short limited 20 "after a limit and --resume the weights are those of a whole run"
  limited 1 "preparing" prepare toy.yaml --set data.prepared=prepared
  [[ ! -e prepared ]] || fail "text that could not be prepared leaves a folder"
  expect 0 "preparing after that" prepare toy.yaml --set data.prepared=prepared
  yes 'x y u v' | head -n 500 > much
  printf 'as before\n' > kept
  limited 1 "translating" translate whole much --output kept
  [[ $(cat kept) == "as before" ]] || fail "an output that could not be written is as it was"
}

test_study_size_limit() {
  printf 'question: Does it fit?\nbase: toy.yaml\nmetrics: [perplexity]\nseeds: [1]\nrows: [{name: only}]\n' > study.yaml
  printf 'scales: {tiny: {set: {train.updates: 5, train.validate.every_updates: 5}}}\n' >> study.yaml
  local code=0
  (ulimit -f 1 && exec "$program" study run study.yaml --runs studied --jobs 1 --threads 1 --quiet) > out 2> err || code=$?
  [[ $code == 1 ]] || fail "a study with files of 1 KB at most: exit code $code, not 1"
  says "cannot be written: File too large"
  [[ -z $(find . -name '.*.partial' -o -name '.*.replaced') ]] || fail "a study that could not be written leaves a part of a file"
  expect 0 "the study after that" study run study.yaml --runs studied --jobs 1 --threads 1
}

# gone CODE CLAIM COMMAND...: as `expect`, in a working directory that was deleted.
gone() {
  local code=$1 claim="$2, in a deleted folder" found=0 here=$PWD
  shift 2
  mkdir "$here/gone"
  (cd gone && rmdir "$here/gone" && exec "$program" "$@") > out 2> err || found=$?
  [[ $found == "$code" ]] || fail "$claim: exit code $found, not $code"
}

test_deleted_folder() {
  local here=$PWD deleted="the working directory was deleted, so relative paths cannot be resolved"
  gone 0 "the version" --version
  grep -q '^LibTorch' out || fail "the version is told in a deleted folder"
  gone 0 "help" train --help
  gone 0 "a run by its absolute path" translate "$here/whole" "$here/nine" --output "$here/from-nowhere"
  cmp -s plain from-nowhere || fail "a deleted folder changes no output"
  gone 0 "training by absolute paths" train "$here/toy.yaml" --run "$here/nowhere" --threads 1 --set train.updates=5
  gone 0 "a study by absolute paths" study table "$here/study.yaml" --runs "$here/studied"
  local word
  for word in "translate whole" "translate $here/whole nine" "translate $here/whole $here/nine --output out" "inspect whole" \
    "train toy.yaml" "train $here/toy.yaml" "train $here/toy.yaml --run new" "train --resume whole" "config check toy.yaml" \
    "prepare $here/toy.yaml --set data.prepared=p" "study table study.yaml" "study table $here/study.yaml" "score $here/whole a b" \
    "evaluate $here/whole --source a --reference b"; do
    found=0
    # shellcheck disable=SC2086
    (mkdir gone && cd gone && rmdir "$here/gone" && exec "$program" $word < /dev/null) > out 2> err || found=$?
    [[ $found == 1 || $found == 2 ]] || fail "$word, in a deleted folder: exit code $found"
    [[ $(wc -l < err) == 1 ]] || fail "$word, in a deleted folder: one line says what is wrong"
    says "$deleted"
  done
}

make_data
test_usage
test_kernel_check
test_training
test_streams
test_checkpoint_paths
test_interrupt
test_kill
test_lock
test_translation
test_conversation
test_bad_input
test_damage
test_outputs
test_size_limit
test_study_size_limit
test_deleted_folder
if ((failures > 0)); then
  printf '%d claims failed\n' "$failures"
  exit 1
fi
printf 'all claims hold\n'

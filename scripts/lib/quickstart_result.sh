# shellcheck shell=bash disable=SC2154
# Sourced by scripts/quickstart: prints the results of a trained run. Reads the variables `program`, `run`, `data`,
# `config` and `device`, and calls functions of quickstart_training.sh.

seq2seq() { "$program" "$@"; }

# Prints figures on the test words; keeps the share of wrong ones for the examples.
evaluate_run() {
  local table
  table=$(seq2seq evaluate "$run" "${device[@]}")
  error_percent=$(awk '/^sequence error rate/ { print $(NF - 1) }' <<< "$table")
  say "WER $error_percent %: the share of wrong words, below as sequence error rate"
  say "PER $(awk '/^token error rate/ { print $(NF - 1) }' <<< "$table") %: the phoneme error rate, below as token error rate"
  read_progress
  if ((updates < wanted)); then
    say "(after $(grouped "$updates") of the $(grouped "$wanted") updates of $config; the error rates in the README are after all of them)"
  fi
  printf '\n%s\n' "$table"
}

# Prints ten test words, with the error rate of the whole test, and three words that are not in the dictionary.
show_words() {
  local folder file
  folder=$(mktemp -d)
  # 300 lines spread over the test, and the same lines of each file of references.
  for file in "$data"/test.letters "$data"/test.phonemes "$data"/test.phonemes.[2-9]; do
    [[ -e $file ]] || continue
    awk -v lines="$(wc -l < "$file")" 'BEGIN { step = lines > 300 ? lines / 300 : 1 } NR > last { print; last += step }' \
      "$file" > "$folder/${file##*/}"
  done
  seq2seq translate "$run" "$folder/test.letters" "${device[@]}" --quiet > "$folder/outputs"
  say "  $error_percent % of the test words are wrong; these ten have about the same error rate. Wrong phonemes are in brackets; [] marks a missing one"
  "$repository/scripts/lib/word_examples" "$folder/test.letters" "$folder/outputs" "$folder"/test.phonemes* \
    --error-rate "$(awk -v percent="$error_percent" 'BEGIN { print percent / 100 }')"
  say "  and three words that are not in the dictionary:"
  printf '%s\n' 's u t s k e v e r' 'b l e n d e r i f i c' 'q u a x t o n v i l l e' > "$folder/new"
  paste <(tr -d ' ' < "$folder/new") <(seq2seq translate "$run" "$folder/new" "${device[@]}" --quiet) |
    awk -F '\t' '{ printf "  %-16s %s\n", $1, $2 }'
  rm -rf "$folder"
}

# Prints the curve as text, and draws a picture if matplotlib is or can be installed.
show_curve() {
  local drawn status=0
  "$repository/scripts/lib/learning_curve" "$run/metrics.jsonl"
  drawn=$("$repository/scripts/plot" "$run" 2>&1) || status=$?
  if ((status == 0)); then
    say "  as a picture: $(grep '\.png$' <<< "$drawn")"
  else
    say "  no picture: $(tail -n 1 <<< "$drawn")"
  fi
}

# what_next DURATION
what_next() {
  cat << EOF

${bold}Done in $1.${plain} Where things are:
  program   $program
  data      $data (card.md describes it, and how to report figures)
  config    $config
  run       $run (config.yaml, checkpoints, metrics.jsonl: everything that the commands below need)

What to try next:
EOF
  try "a word of your own, in lower-case letters separated by blanks" "echo 's u t s k e v e r' | $program translate $run"
  try "its five best pronunciations, with scores" "echo 's u t s k e v e r' | $program translate $run --n-best 5"
  try "a model for your own text, two files line by line (docs/own-data.md)" "$program init first --source FILE --target FILE"
  try "does reversing the source help? a table over three seeds, from records in this folder; --retrain trains anew (docs/studies.md)" \
    "$program study run experiments/sutskever2014/reversal-g2p.yaml --scale small"
  try "words that you type, with probabilities and alternatives" "$program translate $run --interactive"
  try "the letters that it reads for each phoneme, as a picture" \
    "echo 's u t s k e v e r' | $program translate $run --attention $run/weights.jsonl && scripts/plot attention $run/weights.jsonl"
  try "a longer training (a quarter of an hour on two fast cores), and a better model" "$program train configs/g2p-full.yaml"
  try "every key of a configuration" "$program config reference"
  try "build and run the tests (half an hour to an hour)" "scripts/test"
}

try() { printf '  %s%s%s\n    %s\n' "$faint" "$1" "$plain" "$2"; }

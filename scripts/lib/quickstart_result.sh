# shellcheck shell=bash disable=SC2154
# Sourced by scripts/quickstart: prints the results of a trained run. Reads the variables `program`, `run`, `data`, `config` and `device`.

seq2seq() { "$program" "$@"; }

# Prints figures on the test words; keeps the share of wrong ones for the examples.
evaluate_run() {
  local table
  table=$(seq2seq evaluate "$run" "${device[@]}")
  printf '%s\n' "$table"
  error_percent=$(awk '/^sequence error rate/ { print $(NF - 1) }' <<< "$table")
  say "(papers on this task call the sequence error rate WER, the share of wrong words, and the token error rate PER)"
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
  try "a word of your own" "echo 's u t s k e v e r' | $program translate $run"
  try "its five best pronunciations, with scores" "echo 's u t s k e v e r' | $program translate $run --n-best 5"
  try "a model for your own text, two files line by line (docs/own-data.md)" "$program init first --source FILE --target FILE"
  try "does reversing the source help? a table over three seeds, from records in this folder; --retrain trains anew (docs/studies.md)" \
    "$program study run experiments/sutskever2014/reversal-g2p.yaml --scale small"
  try "the learning curve as a picture (scripts/plot also draws tables of studies and attention weights)" "scripts/plot $run"
  try "the letters that it reads for each phoneme, as a picture" \
    "echo 's u t s k e v e r' | $program translate $run --attention weights.jsonl && scripts/plot attention weights.jsonl"
  try "a longer training (about a quarter of an hour), and a better model" "$program train configs/g2p-full.yaml"
  try "every key of a configuration" "$program config reference"
  try "build and run the tests" "scripts/test"
}

try() { printf '  %s%s%s\n    %s\n' "$faint" "$1" "$plain" "$2"; }

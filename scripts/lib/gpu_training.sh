# shellcheck shell=bash disable=SC2154
# Sourced by scripts/gpu-check: trainings of random text, which print a speed, `no time`, or `**failed**`. Reads the variables `work`,
# `folder`, `device`, `python` and `torch`, and uses the function `fits`.

# make_text SOURCE TARGET: writes a text of random words, unless it exists.
make_text() {
  [[ -d $work/$1-$2 ]] || python3 scripts/lib/bench/random_text.py "$work/$1-$2" --source-words "$1" --target-words "$2"
}

# The model of the loop, except its sizes.
write_model() {
  cat > "$work/model.yaml" <<- 'END'
	data:
	  train: {source: train.source, target: train.target}
	  validation: {source: held.source, target: held.target}
	  test: {source: held.source, target: held.target}
	  source: {tokenizer: {kind: whitespace}}
	  target: {tokenizer: {kind: whitespace}}
	  reverse: source
	model:
	  architecture: rnn
	  embedding: {size: 256}
	  encoder: {kind: lstm, layers: 2, cells: 256}
	  decoder: {kind: lstm, layers: 2, cells: 256}
	train:
	  batch: {sentences: 128}
	  optimizer: {kind: sgd, learning_rate: 0.1}
	  clip: {kind: norm, limit: 5}
	  updates: 100
	  validate: {every_updates: 1000000}
	END
}

# train_on DATA RUN UPDATES KERNELS OPTION...
train_on() {
  local data=$1 run=$2 updates=$3 kernels=$4 side set files=()
  for set in train validation test; do
    for side in source target; do
      files+=(--set "data.$set.$side=$data/$([[ $set == train ]] && say train || say held).$side")
    done
  done
  SEQ2SEQ_GPU_KERNELS=$kernels timeout 40 "$folder/seq2seq" train "$work/model.yaml" --run "$run" --device "$device" --quiet \
    "${files[@]}" --set "train.updates=$updates" --set "train.report_every_updates=$((updates / 5))" "${@:5}" > "$work/log" 2>&1 ||
    { tail -n 3 "$work/log" >&2 && return 1; }
}

# size_options LAYERS CELLS: prints the options for a model of this size, one per line.
size_options() {
  local key
  for key in model.{en,de}coder.layers="$1" model.{en,de}coder.cells="$2" model.embedding.size="$2"; do printf -- '--set\n%s\n' "$key"; done
}

# words_per_second RUN: prints the mean after the first fifth of the updates.
words_per_second() {
  sed -n '/"kind":"train"/s/.*"words_per_second":\([0-9.]*\).*/\1/p' "$1/metrics.jsonl" | tail -n 4 |
    awk '{ sum += $1 } END { if (NR == 0) exit 1; printf "%d", sum / NR }' || printf '**failed**'
}

# last_loss RUN: prints the mean loss of the last fifth of the updates.
last_loss() {
  sed -n '/"kind":"train"/s/.*"loss":\([0-9.]*\).*/\1/p' "$1/metrics.jsonl" | tail -n 1 | grep . || printf '**failed**'
}

# ours SIZE BATCH KERNELS PRECISION: prints words per second of this program.
ours() {
  local name source target layers cells updates run options
  IFS=: read -r name source target layers cells updates <<< "$1"
  fits 10 || { printf 'no time' && return; }
  run=$(mktemp -d -p "$work")/run
  mapfile -t options < <(size_options "$layers" "$cells")
  train_on "$work/$source-$target" "$run" "$updates" "$3" --set "train.precision=$4" --set "train.batch.sentences=$2" "${options[@]}" ||
    { printf '**failed**' && return; }
  words_per_second "$run"
  rm -rf "$run"
}

# loop SIZE BATCH PRECISION: the same of PyTorch.
loop() {
  local name source target layers cells updates
  IFS=: read -r name source target layers cells updates <<< "$1"
  [[ -n $torch ]] || { printf 'no PyTorch' && return; }
  fits 8 || { printf 'no time' && return; }
  timeout 30 "$python" scripts/bench_gpu_pytorch.py train "$work/$source-$target" --layers "$layers" --cells "$cells" --batch "$2" \
    --precision "$3" --updates "$updates" 2> "$work/log" |
    sed -n 's/.*"words_per_second": \([0-9]*\).*/\1/p' | grep . | tr -d '\n' || printf '**failed**'
}

# placed NAME KEY=VALUE...: prints words per second of four layers a side of 512 cells.
placed() {
  local run=$work/$1 options=() value
  mapfile -t options < <(size_options 4 512)
  for value in "${@:2}"; do options+=(--set "$value"); done
  train_on "$work/100-100" "$run" 50 '' "${options[@]}" --set train.batch.sentences=128 || { printf '**failed**' && return; }
  words_per_second "$run"
}

# same_bits WORKSPACE KERNELS: trains twice, and prints `yes` if both runs end with the same weights. Empty: no CUBLAS_WORKSPACE_CONFIG.
same_bits() {
  local run sums=()
  if [[ -n $1 ]]; then export CUBLAS_WORKSPACE_CONFIG=$1; else unset CUBLAS_WORKSPACE_CONFIG; fi
  for run in 1 2; do
    rm -rf "$work/twice"
    train_on "$work/100-100" "$work/twice" 40 "$2" || { printf '**failed**, training %d' $run && return; }
    sums+=("$(sha256sum "$work/twice/checkpoints/40/weights.safetensors" | cut -d ' ' -f 1)")
  done
  if [[ -z ${sums[0]} || -z ${sums[1]} ]]; then
    printf '**failed**, no weights'
  elif [[ ${sums[0]} == "${sums[1]}" ]]; then
    printf 'yes'
  else
    printf '**no**'
  fi
}

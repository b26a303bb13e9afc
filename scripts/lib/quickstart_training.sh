# shellcheck shell=bash disable=SC2154
# Sourced by scripts/quickstart: trains for a limited time. Reads the variables `config`, `run` and `device`, calls `seq2seq`.

most_seconds=300  # of training
stops=(60 150)    # seconds of training after which the number of updates is chosen again

# Starts or continues the training. Returns the exit status of a session that failed or was interrupted.
#
# The speed of a machine changes with its other work. So training stops twice and then makes as many updates as fit into the
# rest of the time. In any case, the learning rate falls to zero at the last update.
train_in_time() {
  local stop
  if [[ ! -e $run/run.json ]]; then
    seq2seq train "$config" --run "$run" "${device[@]}" --set "train.minutes=$(minutes_from 0 "${stops[0]}")" || return
  fi
  for stop in "${stops[@]}" ''; do
    read_progress
    # A machine that became faster makes more updates than those planned at first.
    if ((updates >= wanted || (updates >= planned && ${seconds%.*} >= stops[-1] - 1))); then return 0; fi
    if [[ -n $stop ]] && ((${seconds%.*} >= stop - 1)); then continue; fi
    choose_updates
    seq2seq train --resume "$run" "${device[@]}" --set "train.updates=$planned" --set "train.minutes=$(minutes_from "$seconds" "$stop")" ||
      return
  done
}

# Prints a number with a comma after every third digit from the right.
grouped() { sed ':again; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; t again' <<< "$1"; }

# minutes_from SECONDS STOP: prints the minutes between the two; without STOP, null.
minutes_from() { if [[ -n $2 ]]; then awk "BEGIN { print ($2 - $1) / 60 }"; else say null; fi; }

# Sets `updates` and `seconds` of the run so far, `pace`, its updates per second in the last minute, `planned`, its number of
# updates in all, and `wanted`, that of the configuration.
read_progress() {
  wanted=$(awk '$1 == "updates:" { print $2 }' "$config")
  planned=$(awk '$1 == "updates:" { print $2 }' "$run/config.yaml")
  read -r updates seconds pace < <(sed -n 's/^{"kind":"train","update":\([0-9]*\),.*"seconds":\([0-9.]*\).*/\1 \2/p' "$run/metrics.jsonl" | awk '
    { update[NR] = $1; second[NR] = $2 }
    END {
      first = 0; update[0] = second[0] = 0
      while (first < NR - 1 && second[NR] - second[first] > 60) ++first
      span = second[NR] - second[first]
      pace = span > 0 ? (update[NR] - update[first]) / span : 0
      printf "%d %.3f %s\n", update[NR], second[NR], pace < 100 ? sprintf("%.3g", pace) : int(pace)
    }')
}

# Sets `planned` to the number of updates that fit, at most that of the configuration. At least a quarter of it, because a
# processor that is busy with other work only seems to be slower.
choose_updates() {
  local least fitting
  planned=$wanted
  if [[ $pace == 0 ]]; then return; fi  # interrupted before the first report
  # A twentieth of the time is reserved for validation.
  fitting=$(awk "BEGIN { print 100 * int(($updates + 0.95 * ($most_seconds - $seconds) * $pace) / 100) }")
  least=$((wanted / 4 > updates + 100 ? wanted / 4 : updates + 100))
  if ((fitting < least)); then fitting=$least; fi
  if ((fitting < wanted)); then
    planned=$fitting
    say "at $pace updates per second, it makes $(grouped "$planned") of the $(grouped "$wanted") updates, in about $((most_seconds / 60)) minutes"
  else
    say "at $pace updates per second, it makes all $(grouped "$wanted") updates"
  fi
}

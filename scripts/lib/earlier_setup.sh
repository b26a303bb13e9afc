# shellcheck shell=bash disable=SC2154
# Sourced by scripts/setup: what an earlier one left. A build folder and .venv contain absolute paths, which are wrong after the
# clone was moved or copied.

# remove_moved_build FOLDER: removes a build folder that was configured for a clone in another place, so that it is built again.
remove_moved_build() {
  local home
  home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$1/CMakeCache.txt" 2> /dev/null) || return 0
  [[ -n $home && ! $home -ef $repository ]] || return 0
  say "build: $1 was made when this clone was in $home; building it again for $repository"
  rm -rf "$1"
}

# rename_moved_environment FOLDER: the programs of a Python environment contain its path; updates it to the present one.
rename_moved_environment() {
  local before
  before=$(sed -n '1s|^#!\(/.*\)/bin/python[^/]*$|\1|p' "$1/bin/pip" 2> /dev/null) || return 0
  [[ -n $before && ! $before -ef $1 ]] || return 0
  say "LibTorch: .venv was made in ${before%/*}; updating its programs for $repository"
  name_environment "$before" "$1" "$1"
}

# name_environment BEFORE AFTER FOLDER: replaces the path in the programs in bin of the environment FOLDER; no other file contains it.
name_environment() {
  local before after
  before=$(sed 's/[][\\.*^$|]/\\&/g' <<< "$1")
  after=$(sed 's/[\\&|]/\\&/g' <<< "$2")
  grep -lIF "$1" "$3"/bin/* "$3/pyvenv.cfg" | xargs -r -d '\n' sed -i "s|$before|$after|g"
}

# is_configured FOLDER ROOT: checks whether a build folder was configured with this LibTorch and the present CMakePresets.json, which
# an update of the clone may change.
is_configured() {
  [[ -f $1/build.ninja && ! $repository/CMakePresets.json -nt $1/torch_root && $(cat "$1/torch_root" 2> /dev/null) == "$2" ]]
}

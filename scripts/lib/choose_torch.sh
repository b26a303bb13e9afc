# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by scripts/setup: finds a LibTorch that the user has. Reads the variables `supported_torch`, `venv` and `stamp`.

# Prints the version of the LibTorch in folder $1; nothing without one.
torch_version() {
  local header=$1/include/torch/headeronly/version.h
  if [[ -r $header ]]; then sed -n 's/^ *"\([0-9.]*\)".*/\1/p' "$header" | head -n 1; fi
  if [[ ! -r $header && -r $1/include/torch/csrc/api/include/torch/version.h ]]; then say older; fi
}

# The name of what torch_version() prints, for a message.
named() { if [[ $1 == older ]]; then say "an older version"; else say "version $1"; fi; }

# Prints the folder from which Python $1 imports torch; nothing if it does not.
torch_of_python() {
  "$1" -c "
import importlib.util as u
s = u.find_spec('torch')
print(s.submodule_search_locations[0] if s and s.origin else '')" 2> /dev/null || true
}

# Sets torch_root to the folder of an installed LibTorch, and torch_python to its Python, if any.
choose_torch() {
  torch_root='' torch_python=''
  if torch_from_variables; then return; fi
  if [[ -d $venv && $(head -n 1 "$stamp" 2> /dev/null) != own ]]; then return; fi
  if [[ -d $venv ]]; then
    torch_root=$(sed -n 2p "$stamp") torch_python=$(sed -n 3p "$stamp")
    [[ $(torch_version "$torch_root") == "${supported_torch%.*}".* ]] ||
      fail "the LibTorch of $torch_root, which was used before, does not exist any more; set TORCH_ROOT to another one, or remove .venv to have it installed"
    say "LibTorch: $(torch_version "$torch_root") from $torch_root (as before)"
  else
    torch_from_python
  fi
}

torch_from_variables() {
  local prefix folder version prefixes
  IFS=':;' read -ra prefixes <<< "${CMAKE_PREFIX_PATH:-}"
  for prefix in "${TORCH_ROOT:-}" "${prefixes[@]}"; do
    [[ -n $prefix ]] || continue
    for folder in "$prefix" "$prefix/torch" "$prefix/../.." "$prefix/../../.."; do
      version=$(torch_version "$folder")
      [[ -n $version ]] || continue
      [[ $version == "${supported_torch%.*}".* ]] ||
        fail "LibTorch: $(named "$version") in $folder is not supported, ${supported_torch%.*} is; unset TORCH_ROOT and CMAKE_PREFIX_PATH to have it installed"
      torch_root=$(cd "$folder" && pwd)
      say "LibTorch: $version from $torch_root (TORCH_ROOT or CMAKE_PREFIX_PATH names it)"
      return 0
    done
  done
  [[ -z ${TORCH_ROOT:-} ]] || fail "TORCH_ROOT=$TORCH_ROOT has no LibTorch"
  return 1
}

torch_from_python() {
  local python=${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/}python3 folder version
  folder=$(torch_of_python "$python")
  version=$(torch_version "$folder")
  if [[ $version == "${supported_torch%.*}".* ]]; then
    torch_root=$folder torch_python=$(command -v "$python")
    say "LibTorch: $version from $torch_root ($torch_python imports it)"
  elif [[ -n $version ]]; then
    say "LibTorch: $(named "$version") in $folder is not supported, so $supported_torch is installed into .venv"
  fi
}

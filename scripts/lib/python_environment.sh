# shellcheck shell=bash disable=SC2154
# Sourced by scripts/setup: the environment .venv, with LibTorch and the programs that tests compare with. Reads the variables
# `supported_torch`, `torch_root`, `torch_python`, `device`, `gpu`, `venv`, `stamp` and `pip_folder`.

# Prints a Python that has venv and a wheel of LibTorch. Prefers that of the system, which does not move.
choose_python() {
  local python choices=(/usr/bin/python3 python3)
  if [[ -n $torch_python ]]; then choices=("$torch_python"); fi
  for python in "${choices[@]}"; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2> /dev/null; then
      say "$python"
      return
    fi
  done
  fail "no Python between 3.10 and 3.13 with venv was found, though python3-venv is installed"
}

site_packages() { echo "$1"/lib/python3*/site-packages; }

# The content of the environment: `cpu` and `cuda` are sets of dependencies of the wheel; with `own`, torch is the user's.
wanted_set() {
  if [[ -n $torch_root && $torch_root != "$venv"/* ]]; then say own
  elif [[ $device == cuda ]] && ((gpu)); then say cuda
  else say cpu; fi
}

install_torch() {
  local set have=''
  set=$(wanted_set)
  if [[ -r $stamp ]]; then have=$(< "$stamp"); fi
  if [[ $have == "$(stamp_text "$set")" || ($set != cuda && $have == "$(stamp_text cuda)") ]]; then
    [[ $set == own ]] || say "LibTorch: $supported_torch in .venv, installed before"
    return
  fi
  if [[ -d $venv ]]; then
    [[ -x $venv/bin/python ]] || fail ".venv is not a Python environment; remove it, and scripts/setup makes one"
    fill "$set" "$venv"
  else
    make_environment "$set"
  fi
}

stamp_text() {
  say "$1"
  case $1 in
    own) printf '%s\n' "$torch_root" "$torch_python" ;;
    cpu) grep -v '^#' "$repository/scripts/lib/requirements-torch.txt" ;;
    cuda) grep -v '^#' "$repository/scripts/lib/requirements-torch-cuda.txt" ;;
  esac
}

# Makes the environment under another name and renames it when it is complete, so that .venv is never incomplete.
make_environment() {
  local partial=$venv.partial
  rm -rf "$partial"
  quietly "making a Python environment" "$(choose_python)" -m venv --prompt seq2seq "$partial"
  fill "$1" "$partial"
  name_environment "$partial" "$venv" "$partial"
  mv "$partial" "$venv"
}

# fill SET FOLDER: installs the set into the environment and stamps it.
fill() {
  local set=$1 folder=$2
  rm -f "$folder/seq2seq-setup"
  case $set in
    own) if [[ -n $torch_python ]]; then dirname "$torch_root" > "$(site_packages "$folder")/seq2seq-torch.pth"; fi ;;
    cpu)
      require_space "$repository" 2700 "LibTorch"
      say "LibTorch: installing $supported_torch into .venv, without CUDA (570 MB to download, 1.4 GB on disk)"
      install_wheels "$folder" --no-deps -r "$repository/scripts/lib/requirements-torch.txt"
      quietly "making placeholders for CUDA libraries" "$repository/scripts/lib/cuda_placeholders" "$(site_packages "$folder")" ;;
    cuda)
      require_space "$repository" 8500 "LibTorch with CUDA"
      say "LibTorch: installing $supported_torch into .venv with its CUDA libraries (2.7 GB to download, 4.7 GB on disk)"
      if compgen -G "$folder/lib/python3*/site-packages/nvidia/cu*/lib/PLACEHOLDERS" > /dev/null; then
        "$repository/scripts/lib/cuda_placeholders" "$(site_packages "$folder")" --remove
      fi
      install_wheels "$folder" -r "$repository/scripts/lib/requirements-torch-cuda.txt" ;;
  esac
  stamp_text "$set" > "$folder/seq2seq-setup"
}

# pip unpacks beside the environment, so that only one file system needs space. Python compiles a module when it is first imported;
# for all of LibTorch's, of which most never are, that would take half a minute here.
install_wheels() {
  local folder=$1
  shift
  rm -rf "$pip_folder" && mkdir -p "$pip_folder"
  TMPDIR=$pip_folder PIP_DISABLE_PIP_VERSION_CHECK=1 \
    quietly "installing Python packages" "$folder/bin/python" -m pip install --no-compile --retries 3 --only-binary=:all: "$@"
}

install_witnesses() {
  local list=$repository/scripts/lib/requirements-tests.txt done=$venv/seq2seq-setup-tests
  if [[ -n $torch_root && -z $torch_python ]] && ! "$venv/bin/python" -c 'import torch' 2> /dev/null; then
    say "tests: some compare with Python's torch, which this LibTorch does not include; installing it into .venv"
    fill cpu "$venv"
    stamp_text own > "$stamp"
  fi
  if cmp -s "$list" "$done"; then
    say "tests: sacreBLEU, jiwer, sacremoses, safetensors and matplotlib are installed"
    return
  fi
  say "tests: installing sacreBLEU, jiwer, sacremoses and safetensors to compare with, and matplotlib"
  install_wheels "$venv" --no-deps -r "$list"
  cp "$list" "$done"
}

#include "seq2seq/cli/bash_completion.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/text.h"

namespace seq2seq::cli {

namespace {

// scripts/setup --link replaces only a file that begins with this line.
constexpr const char* kMark = "# Completion of seq2seq in bash, written by `seq2seq completion bash`.\n\n";

/// The script, with placeholders for the declarations. bash splits words at `=` and `:`, so the script first joins
/// them, and returns only the part of an answer after the last of these.
constexpr const char* kBashScript = R"bash(_seq2seq() {
  local words=() word current command='' option='' position=0 takes value strip index joined=0
  COMPREPLY=()
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if [[ -z $word && ${COMP_LINE:COMP_POINT-1:1} == [[:blank:]] ]]; then joined=0; fi
    if ((${#words[@]} > 0)) && { ((joined)) || [[ $word =~ ^[=:]+$ ]]; }; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    joined=0
    if [[ $word =~ ^[=:]+$ ]]; then joined=1; fi
  done
  current=${words[-1]}
  strip=${#current}
  if ((!joined)); then strip=$((strip - ${#word})); fi

  for word in "${words[@]:0:${#words[@]}-1}"; do
    if [[ -n $option ]]; then
      option=''
    elif [[ $word == -* ]]; then
      if [[ $word != *=* ]] && _seq2seq_takes "$command $word"; then option=$word; fi
    elif [[ -z $command || ' @GROUPS@ ' == *" $command "* ]]; then
      command+=${command:+ }$word
    else
      position=$((position + 1))
    fi
  done

  takes='' value=$current
  if [[ -n $option ]]; then
    _seq2seq_takes "$command $option"
  elif [[ $current == --*=* ]]; then
    _seq2seq_takes "$command ${current%%=*}"
    value=${current#*=}
  elif [[ $current == -* ]]; then
    _seq2seq_options "$command"
  else
    case $command in
      '') takes='words @COMMANDS@' ;;
@SUBCOMMANDS@      *) _seq2seq_takes "$command $((position + 1))" ;;
    esac
  fi
  _seq2seq_reply
}

# Completes `value`, the end of `current`.
_seq2seq_reply() {
  local head=${current:0:${#current}-${#value}} replies=() reply
  if [[ $takes == KEY=VALUE ]]; then
    if [[ $value == *=* ]]; then
      head+=${value%%=*}=
      _seq2seq_values "${value%%=*}"
      value=${value#*=}
    else
      compopt -o nospace 2> /dev/null
      mapfile -t replies < <(compgen -S = -W '@KEYS@' -- "$value")
    fi
  fi
  case $takes in
    words\ *) mapfile -t replies < <(compgen -W "${takes#words }" -- "$value") ;;
    SECTION) mapfile -t replies < <(compgen -W '@SECTIONS@ @KEYS@' -- "$value") ;;
    RUN | FOLDER)
      compopt -o filenames 2> /dev/null
      mapfile -t replies < <(compgen -d -- "$value") ;;
    FILE | CONFIG | PATH | SOURCE | TARGET | INPUT | SENTENCES | LIST | A | B)
      compopt -o filenames 2> /dev/null
      mapfile -t replies < <(compgen -f -- "$value") ;;
  esac
  for reply in "${replies[@]}"; do
    reply=$head$reply
    COMPREPLY+=("${reply:strip}")
  done
}

# What an option or a position of a command takes; fails if nothing.
_seq2seq_takes() {
  takes=''
  case $1 in
@TAKES@  esac
  case $takes in
    DEVICE) takes='words cpu cuda' ;;
    CHECKPOINT) takes='words best last' ;;
    SHELL) takes='words bash' ;;
  esac
  [[ -n $takes ]]
}

_seq2seq_options() {
  takes='words --help'
  case $1 in
    '') takes+=' --version' ;;
@OPTIONS@  esac
}

# What a key of the configuration takes.
_seq2seq_values() {
  takes=''
  case $1 in
@VALUES@  esac
}

complete -F _seq2seq seq2seq
)bash";

/// Returns the lines of a `case`: one for each right side, with all patterns that lead to it.
std::string cases(const std::map<std::string, std::set<std::string>>& patterns_of) {
  std::string text;
  for (const auto& [action, patterns] : patterns_of)
    text += fmt::format("    '{}') takes='{}' ;;\n", fmt::join(patterns, "' | '"), action);
  return text;
}

std::string takes_cases(const std::vector<CommandFacts>& commands) {
  std::map<std::string, std::set<std::string>> patterns;
  for (const auto& command : commands) {
    int position = 0;
    for (const auto& argument : command.arguments) {
      if (argument.positional) {
        patterns[argument.value].insert(fmt::format("{} {}", command.name, ++position));
      } else if (!argument.value.empty()) {
        patterns[argument.value].insert(command.name + " " + argument.name);
      }
    }
  }
  return cases(patterns);
}

std::string options_cases(const std::vector<CommandFacts>& commands) {
  std::string text;
  for (const auto& command : commands) {
    std::string names;
    for (const auto& argument : command.arguments)
      if (!argument.positional) names += " " + argument.name;
    if (!names.empty()) text += fmt::format("    '{}') takes+='{}' ;;\n", command.name, names);
  }
  return text;
}

/// Returns cases for keys of files and keys with named values. A key of several kinds may have names from each.
std::string values_cases(const config::Keys& keys) {
  using config::KeyType;
  std::map<std::string, std::set<std::string>> names;
  std::map<std::string, std::set<std::string>> patterns;
  config::visit_known_keys(keys, [&](const std::string& path, const config::KeyFacts& facts) {
    if (facts.type == KeyType::path || facts.type == KeyType::list_of_paths) patterns["FILE"].insert(path);
    if (facts.type == KeyType::boolean) names[path].insert({"false", "true"});
    names[path].insert(facts.one_of.begin(), facts.one_of.end());
  });
  for (const auto& [path, values] : names)
    if (!values.empty()) patterns[fmt::format("words {}", fmt::join(values, " "))].insert(path);
  return cases(patterns);
}

}  // namespace

std::string bash_completion(const std::vector<CommandFacts>& commands, const config::Keys& keys) {
  std::set<std::string> known, sections;
  config::visit_known_keys(keys, [&](const std::string& path, const config::KeyFacts&) {
    known.insert(path);
    for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1))
      sections.insert(path.substr(0, dot));
  });
  std::vector<std::string> first;                               // words of the commands
  std::map<std::string, std::vector<std::string>> subcommands;  // by group
  for (const auto& command : commands) {
    const auto blank = command.name.find(' ');
    const auto group = command.name.substr(0, blank);
    if (std::find(first.begin(), first.end(), group) == first.end()) first.push_back(group);
    if (blank != std::string::npos) subcommands[group].push_back(command.name.substr(blank + 1));
  }
  std::vector<std::string> groups;
  std::string choices;
  for (const auto& [group, names] : subcommands) {
    groups.push_back(group);
    choices += fmt::format("      '{}') takes='words {}' ;;\n", group, fmt::join(names, " "));
  }

  std::string text = kBashScript;
  replace_all(text, "@GROUPS@", fmt::format("{}", fmt::join(groups, " ")));
  replace_all(text, "@COMMANDS@", fmt::format("{}", fmt::join(first, " ")));
  replace_all(text, "@SUBCOMMANDS@", choices);
  replace_all(text, "@KEYS@", fmt::format("{}", fmt::join(known, " ")));
  replace_all(text, "@SECTIONS@", fmt::format("{}", fmt::join(sections, " ")));
  replace_all(text, "@TAKES@", takes_cases(commands));
  replace_all(text, "@OPTIONS@", options_cases(commands));
  replace_all(text, "@VALUES@", values_cases(keys));
  return kMark + text;
}

}  // namespace seq2seq::cli

#include "seq2seq/config/resolved.h"

#include <algorithm>
#include <memory>
#include <variant>

#include <fmt/format.h>

#include "seq2seq/config/tree.h"

namespace seq2seq::config {

namespace {

void write(const Keys& keys, size_t indent, std::string& text) {
  const std::string margin(indent, ' ');
  const auto write_key = [&](const Key& key) {
    text += fmt::format("{}{}: {}\n", margin, key.facts().name, key.facts().get());
  };
  for (const auto& item : keys.tree().items) {
    if (const auto* key = std::get_if<std::unique_ptr<Key>>(&item)) {
      write_key(**key);
    } else if (const auto* section = std::get_if<std::unique_ptr<Section>>(&item)) {
      text += fmt::format("{}{}:\n", margin, (*section)->name);
      write((*section)->keys, indent + 2, text);
    } else {
      const auto& choice = std::get<std::unique_ptr<Choice>>(item);
      write_key(choice->key());
      write(choice->keys(), indent, text);
    }
  }
}

struct Seen {
  std::string path, text;
  OnResume on_resume;
};

std::vector<Seen> seen(const Keys& keys) {
  std::vector<Seen> all;
  visit_keys(keys, [&](const std::string& path, const KeyFacts& facts) {
    all.push_back({path, facts.get(), facts.on_resume});
  });
  return all;
}

bool has(const std::vector<Seen>& values, const std::string& path) {
  return std::any_of(values.begin(), values.end(), [&](const Seen& value) { return value.path == path; });
}

bool differs_from_default(const KeyFacts& facts) { return facts.get() != facts.default_value; }

/// Returns one line for each selected key, and one for each kind of version 2 or later, even if it is the default kind.
std::vector<DigestLine> lines_of(const Keys& keys, bool with_defaults, const SelectKeys& selects) {
  std::vector<DigestLine> lines;
  visit_keys(keys, [&](const std::string& path, const KeyFacts& facts) {
    if (!facts.digest || (selects && !selects(path))) return;
    if (with_defaults || differs_from_default(facts))
      lines.push_back({path, fmt::format("{}={}\n", path, facts.digest())});
    const int version = facts.version ? facts.version() : 1;
    if (version > 1) lines.push_back({path, fmt::format("{}.version={}\n", path, version)});
  });
  std::ranges::sort(lines, {}, &DigestLine::text);
  return lines;
}

}  // namespace

std::string write_yaml(const Keys& keys) {
  std::string text;
  write(keys, 0, text);
  return text;
}

std::vector<Value> values(const Keys& keys) {
  std::vector<Value> all;
  visit_keys(keys, [&](const std::string& path, const KeyFacts& facts) {
    all.push_back({path, facts.get(), facts.type});
  });
  return all;
}

std::string result_text(const Keys& keys) { return digest_text(lines_of(keys, /*with_defaults=*/true, {})); }

std::vector<DigestLine> digest_lines(const Keys& keys, const SelectKeys& selects) {
  return lines_of(keys, /*with_defaults=*/false, selects);
}

std::string digest_text(const std::vector<DigestLine>& lines, const SelectKeys& selects) {
  std::string text;
  for (const auto& line : lines)
    if (!selects || selects(line.key)) text += line.text;
  return text;
}

std::string digest_text(const Keys& keys, const SelectKeys& selects) {
  return digest_text(digest_lines(keys, selects));
}

std::vector<Change> compare(const Keys& before, const Keys& after) {
  const auto old_values = seen(before);
  const auto new_values = seen(after);
  std::vector<Change> changes;
  auto was = old_values.begin();
  auto is = new_values.begin();
  // Keys of both sides are in the same order; a key of only one side is reported at its place there.
  while (was != old_values.end() || is != new_values.end()) {
    if (was != old_values.end() && !has(new_values, was->path)) {
      changes.push_back({was->path, was->text, "(absent)", was->on_resume});
      ++was;
    } else if (is != new_values.end() && !has(old_values, is->path)) {
      changes.push_back({is->path, "(absent)", is->text, is->on_resume});
      ++is;
    } else {
      if (was->text != is->text) changes.push_back({is->path, was->text, is->text, is->on_resume});
      ++was;
      ++is;
    }
  }
  return changes;
}

}  // namespace seq2seq::config

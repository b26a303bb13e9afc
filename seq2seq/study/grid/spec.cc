#include "seq2seq/study/grid/spec.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/nearest.h"
#include "seq2seq/config/yaml_file.h"
#include "seq2seq/core/printable.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/run/metric_names.h"
#include "seq2seq/run/yaml_kind.h"
#include "seq2seq/study/grid/ensemble_rows.h"
#include "seq2seq/study/grid/section.h"
#include "seq2seq/study/record/sentence_figures.h"

namespace seq2seq::study {

namespace {

using config::Given;

constexpr const char* axis_names = "names";  // not a key of configurations

bool is_folder_name(const std::string& name) {
  const auto letter_or_digit = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !name.empty() && letter_or_digit(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return letter_or_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

/// Reads one file; collects all errors.
class SpecReader {
 public:
  SpecReader(const std::filesystem::path& file, config::Faults& faults)
      : folder_(std::filesystem::absolute(file).parent_path()), faults_(faults) {
    spec_.file = file;
  }

  StudySpec read(const Given& root) {
    SpecSection top(root, "", folder_, faults_);
    spec_.question = top.required_text("question");
    spec_.metrics = top.texts("metrics");
    check_metrics(top);
    const auto base = top.path("base");
    const auto seeds = top.seeds("seeds");
    read_scales(top, base, seeds);
    read_rows(top);
    check_ensembles(spec_, faults_);
    read_axes(top);
    check_against_each_other(top);
    read_reference(top);
    read_source(top);
    top.refuse_others();
    return std::move(spec_);
  }

 private:
  void check_metrics(SpecSection& top) {
    if (!top.has("metrics")) return top.missing("metrics", "the metrics of every row");
    if (top.take("metrics")->kind == Given::Kind::list && top.take("metrics")->items.empty())
      return top.fault(top.place_of("metrics"), "`metrics` is empty", "List at least one, as in `[perplexity]`");
    const std::set<std::string> different(spec_.metrics.begin(), spec_.metrics.end());
    if (different.size() < spec_.metrics.size()) top.fault(top.place_of("metrics"), "`metrics` has a duplicate");
    const auto wrong = run::unknown_metric(spec_.metrics, study_metric_names());
    if (!wrong.empty()) top.fault(top.place_of("metrics"), fmt::format("`metrics`: {}", wrong));
  }

  void read_scales(SpecSection& top, const std::optional<std::filesystem::path>& base,
                   const std::optional<std::vector<uint64_t>>& seeds) {
    const auto* given = top.take("scales");
    static const Given whole;
    if (given != nullptr && given->kind != Given::Kind::section) {
      return top.fault(given->source,
                       "`scales` is a section of {name: {base: ..., set: ..., seeds: ...}}, found " + describe(*given));
    }
    if (given == nullptr || given->entries.empty()) {
      read_scale("table", whole, top, base, seeds);
      if (!spec_.scales.empty()) spec_.scales.back().named = false;
      return;
    }
    for (const auto& entry : given->entries) read_scale(entry.name, entry.value, top, base, seeds);
  }

  void read_scale(const std::string& name, const Given& given, SpecSection& top,
                  const std::optional<std::filesystem::path>& base, const std::optional<std::vector<uint64_t>>& seeds) {
    if (!is_folder_name(name)) {
      return top.fault(given.source,
                       fmt::format("{} cannot be the name of a scale: it is also the name of a folder", quote(name)),
                       "Use letters, digits, `-`, `_` and `.`, beginning with a letter or a digit");
    }
    SpecSection section(given, "scales." + name, folder_, faults_);
    auto own_base = section.path("base");
    auto own_seeds = section.seeds("seeds");
    StudyScale scale{.name = name,
                     .base = own_base ? *own_base : base.value_or(""),
                     .base_place = own_base ? section.place_of("base").place : top.place_of("base").place,
                     .settings = section.settings("set"),
                     .seeds = own_seeds ? *own_seeds : seeds.value_or(std::vector<uint64_t>()),
                     .place = given.source.place};
    section.refuse_others();
    if (!own_base && !base) top.missing("base", fmt::format("the configuration that scale `{}` starts from", name));
    if (!own_seeds && !seeds) top.missing("seeds", fmt::format("seeds of the runs at scale `{}`", name));
    spec_.scales.push_back(std::move(scale));
  }

  void read_rows(SpecSection& top) {
    const auto* given = top.take("rows");
    if (given == nullptr) return top.missing("rows", "a list of {name: ..., set: {...}}");
    if (given->items.empty())
      return top.fault(given->source,
                       fmt::format("`rows` is a list of {{name: ..., set: {{...}}}}, found {}",
                                   given->kind == Given::Kind::list ? "an empty list" : describe(*given)),
                       "A study has at least one row");
    for (size_t i = 0; i < given->items.size(); ++i) {
      SpecSection section(given->items[i], fmt::format("rows[{}]", i + 1), folder_, faults_);
      StudyRow row{.name = section.required_text("name"),
                   .settings = section.settings("set"),
                   .published = section.numbers("published"),
                   .ensemble = read_ensemble(section, folder_, faults_),
                   .place = given->items[i].source.place};
      section.refuse_others();
      check_row(section, row);
      spec_.rows.push_back(std::move(row));
    }
  }

  void check_row(SpecSection& section, const StudyRow& row) {
    if (section.has("name")) check_name(section, section.place_of("name"), row.name, "row");
    for (const auto& other : spec_.rows) {
      if (!row.name.empty() && other.name == row.name)
        section.fault(section.place_of("name"),
                      fmt::format("duplicate row {}; first on line {}", quote(row.name), other.place.line));
    }
    for (const auto& [metric, figure] : row.published) {
      if (std::find(spec_.metrics.begin(), spec_.metrics.end(), metric) != spec_.metrics.end()) continue;
      section.fault(section.place_of("published"),
                    fmt::format("`published` has {}, which is not one of the study's metrics", quote(metric)),
                    "Add it to `metrics`, or remove the figure");
    }
  }

  void read_axes(SpecSection& top) {
    const auto* given = top.take("axes");
    if (given == nullptr) return;
    if (given->kind != Given::Kind::list)
      return top.fault(given->source, "`axes` is a list of {key: [value, ...]}, found " + describe(*given));
    if (given->items.empty())
      return top.fault(given->source, "`axes` is empty", "List at least one axis, or remove the key");
    for (const auto& item : given->items) read_axis(top, item);
  }

  void read_axis(SpecSection& top, const Given& given) {
    StudyAxis axis;
    const Given::Entry* first = nullptr;
    for (const auto& entry : given.entries) {
      if (entry.value.kind != Given::Kind::list || entry.value.items.empty()) {
        const bool empty = entry.value.kind == Given::Kind::list;
        top.fault(entry.value.source,
                  fmt::format("an axis has a list of values for each key: {} has {}", quote(entry.name),
                              empty ? "an empty list" : describe(entry.value)),
                  empty ? "List at least one value, or remove the key" : "");
        return;
      }
      if (entry.name == "seed") return top.fault(entry.source, "`seed` cannot be an axis: list the seeds in `seeds`");
      if (first == nullptr) first = &entry;
      const size_t expected = first->value.items.size(), found = entry.value.items.size();
      if (found != expected) {
        top.fault(entry.value.source,
                  fmt::format("the lists of an axis must have the same length: {} has {}, {} has {}", quote(entry.name),
                              format_count(static_cast<int64_t>(found), "value"), quote(first->name), expected));
        return;
      }
      axis.points.resize(expected);
      if (entry.name == axis_names) continue;
      for (size_t i = 0; i < expected; ++i) add_to(axis.points[i], entry.name, entry.value.items[i]);
    }
    if (axis.points.empty() || axis.points.front().settings.empty())
      return top.fault(given.source, "expected an axis, such as {model.encoder.layers: [1, 2]}");
    read_names(axis, top, given);
    spec_.axes.push_back(std::move(axis));
  }

  void read_names(StudyAxis& axis, SpecSection& top, const Given& given) {
    for (const auto& entry : given.entries) {
      if (entry.name != axis_names) continue;
      for (size_t i = 0; i < axis.points.size(); ++i) {
        const auto& name = entry.value.items[i];
        axis.points[i].name = name.text;
        check_name(top, name.source, name.text, "point of an axis");
        const auto same = std::count_if(axis.points.begin(), axis.points.begin() + static_cast<std::ptrdiff_t>(i),
                                        [&name](const auto& point) { return point.name == name.text; });
        if (same > 0) top.fault(name.source, fmt::format("two points of the axis have the name {}", quote(name.text)));
      }
    }
  }

  /// Rejects invalid names: they appear in tables, on one line each, and in files of commands.
  void check_name(SpecSection& section, const config::Source& place, const std::string& name, const char* of) {
    if (name.empty()) return section.fault(place, fmt::format("the name of a {} must not be empty", of));
    if (printable(name) != name || name.find('\n') != std::string::npos)
      section.fault(place, fmt::format("the name of a {} must be one line of text without control characters", of));
  }

  /// Rejects equal rows, equal points of an axis, and published figures of rows with several lines.
  void check_against_each_other(SpecSection& top) {
    const auto same = [](const Settings& a, const Settings& b) {
      const auto values = [](const Settings& settings) {
        std::map<std::string, std::string> found;
        for (const auto& setting : settings) found[setting.key] = setting.value;
        return found;
      };
      return values(a) == values(b);
    };
    for (size_t i = 0; i < spec_.rows.size(); ++i) {
      const auto& row = spec_.rows[i];
      for (size_t j = 0; j < i; ++j) {
        const bool same_name = row.name == spec_.rows[j].name;  // already reported
        if (!same_name && row.ensemble == spec_.rows[j].ensemble && same(row.settings, spec_.rows[j].settings))
          top.fault({row.place}, fmt::format("row {} sets the same keys as row {}, so they would be the same runs",
                                             quote(row.name), quote(spec_.rows[j].name)));
      }
      if (!row.published.empty() && !spec_.axes.empty())
        top.fault(
            {row.place},
            fmt::format("row {} has published figures, but axes give it several lines in the table", quote(row.name)),
            "Write a row for each of these lines");
    }
    std::set<std::string> of_axes;
    for (const auto& axis : spec_.axes) {
      for (size_t i = 0; i < axis.points.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
          if (same(axis.points[i].settings, axis.points[j].settings))
            top.fault(top.place_of("axes"),
                      fmt::format("an axis has the same values twice: {}", quote(axis.points[i].name)));
        }
      }
      for (const auto& setting : axis.points.front().settings) {
        check_free(top, setting.key);
        if (!of_axes.insert(setting.key).second)
          top.fault(top.place_of("axes"), fmt::format("two axes set {}", quote(setting.key)),
                    "List all of its values in one axis");
      }
    }
  }

  /// Rejects a key that both a row and an axis set, because the axis would win in every row.
  void check_free(SpecSection& top, const std::string& key) {
    for (const auto& row : spec_.rows) {
      for (const auto& setting : row.settings) {
        if (setting.key == key)
          top.fault({row.place}, fmt::format("row {} and an axis both set {}", quote(row.name), quote(key)),
                    "Remove it from one of them");
      }
    }
  }

  void add_to(StudyAxis::Point& point, const std::string& key, const Given& value) {
    auto added = setting(key, value, value.source, folder_);
    point.name += fmt::format("{}{}={}", point.name.empty() ? "" : ", ", key, added.value);
    point.settings.push_back(std::move(added));
  }

  void read_reference(SpecSection& top) {
    const auto name = top.text("reference");
    if (!name) return;
    const auto row = std::find_if(spec_.rows.begin(), spec_.rows.end(),
                                  [&](const auto& candidate) { return candidate.name == *name; });
    if (row != spec_.rows.end()) {
      spec_.reference = static_cast<size_t>(row - spec_.rows.begin());
      return;
    }
    std::vector<std::string> names;
    for (const auto& candidate : spec_.rows)
      if (!candidate.name.empty()) names.push_back(candidate.name);
    top.fault(top.place_of("reference"),
              fmt::format("unknown row {}; the study has `{}`", quote(*name), fmt::join(names, "`, `")));
  }

  void read_source(SpecSection& top) {
    spec_.published_in = top.text("published_in").value_or("");
    spec_.gap = top.text("gap").value_or("");
    for (const auto& row : spec_.rows) {
      if (row.published.empty() || !spec_.published_in.empty()) continue;
      top.fault({row.place},
                fmt::format("row {} has published figures, but the study has no source for them", quote(row.name)),
                "Add it as `published_in`");
    }
  }

  std::filesystem::path folder_;
  config::Faults& faults_;
  StudySpec spec_;
};

}  // namespace

StudySpec read_study(const std::filesystem::path& file) { return read_study_text(config::read_yaml_file(file), file); }

StudySpec read_study_text(const std::string& text, const std::filesystem::path& file) {
  if (run::kind_of_yaml(text) == run::YamlKind::configuration)
    throw UsageError(Place{.file = file.string()}, "is the configuration of one run, not a study",
                     fmt::format("Train it with `seq2seq train {}`, or write a study as in docs/studies.md",
                                 shell_word(file.string())));
  config::Faults faults;
  StudySpec spec;
  const auto root = config::parse_yaml(text, file.string(), faults);
  if (root && root->kind == Given::Kind::nothing)
    faults.add(root->source, "is empty", "See docs/studies.md");
  else if (root)
    spec = SpecReader(file, faults).read(*root);
  faults.throw_if_any();
  return spec;
}

}  // namespace seq2seq::study

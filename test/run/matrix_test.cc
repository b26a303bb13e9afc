// All pairs of kinds of model parts: each trains, resumes and decodes, or is refused by a rule at a key.

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/tree.h"
#include "seq2seq/core/error.h"
#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

constexpr const char* source_parts = "data.source.parts";

/// A key and one of its values: `bridge.kind=mean`.
struct Choice {
  std::string key, value;
  /// Shows `input_feeding` instead of `true`.
  std::string name() const { return value == "true" || key == source_parts ? key : value; }
  std::string setting() const { return fmt::format("{}{}={}", key == source_parts ? "" : "model.", key, value); }
};

/// The values of a key that pairs use.
using Axis = std::vector<Choice>;

Axis axis_of(const std::string& key, const std::vector<std::string>& values) {
  Axis axis;
  for (const auto& value : values) axis.push_back({key, value});
  return axis;
}

std::vector<Axis> all_axes() {
  const nn::Parts parts;
  const nn::PartChoice kinds(parts);
  return {axis_of("encoder.kind", kinds.encoders.names()),
          axis_of("encoder.bidirectional", {"first", "all"}),
          axis_of("decoder.kind", kinds.decoders.names()),
          axis_of("decoder.residual_from", {"2"}),
          axis_of("bridge.kind", kinds.bridges.names()),
          axis_of("attention.kind", kinds.attentions.names()),
          axis_of("attention.order", {"after", "before", "first_layer"}),
          axis_of("attention.input_feeding", {"true"}),
          axis_of("attention.coverage", {"true"}),
          axis_of("attention.readout.activation", {"maxout", "none"}),
          axis_of("output.kind", kinds.outputs.names()),
          axis_of("output.extended_vocabulary", {"true"}),
          axis_of("embedding.tied", {"true"}),
          axis_of(source_parts, {"2"})};
}

/// Returns true if layers of this kind can form a decoder.
bool is_recurrent(const std::string& kind) { return std::ranges::count(nn::Parts().layers.names(), kind) > 0; }

/// Returns the settings of a pair: first those that its choices need, then the choices.
std::vector<std::string> settings_of(const Choice& first, const Choice& second, const Toy& toy) {
  const auto about = [&](const std::string& key) { return first.key == key || second.key == key; };
  const auto speaks_of_attention = [](const Choice& choice) {
    return choice.key.starts_with("attention.") && choice.key != "attention.kind";
  };
  std::vector<std::string> settings{"model.embedding.size=12",        "train.updates=2",
                                    "train.validate.every_updates=2", "train.checkpoint.every_updates=1",
                                    "train.checkpoint.keep=4",        "decode.beam=2"};
  // Without a choice, the kind of the encoder is that of the decoder, so that a bridge that copies fits.
  for (const auto& choice : {first, second}) {
    if (choice.key == "encoder.kind" && !about("decoder.kind") && is_recurrent(choice.value))
      settings.push_back("model.decoder.kind=" + choice.value);
    if (choice.key == "encoder.kind" && !is_recurrent(choice.value)) settings.push_back("model.encoder.heads=2");
    if (choice.key == "encoder.kind" && !about("bridge.kind") && !is_recurrent(choice.value))
      settings.push_back("model.bridge.kind=mean");
    if (choice.key == "decoder.kind" && !about("encoder.kind"))
      settings.push_back("model.encoder.kind=" + choice.value);
    if (speaks_of_attention(choice) && !about("attention.kind")) settings.push_back("model.attention.kind=general");
    if (choice.key == "encoder.bidirectional" && !about("bridge.kind")) settings.push_back("model.bridge.kind=mean");
    if (choice.value == "backward" && !about("encoder.bidirectional"))
      settings.push_back("model.encoder.bidirectional=all");
    if (choice.value == "none" && speaks_of_attention(choice) && !about("attention.order") && !about("attention.kind"))
      settings.push_back("model.attention.order=before");
    if (choice.value == "copy" && choice.key == "output.kind") {
      if (!about("attention.kind")) settings.push_back("model.attention.kind=general");
    }
    if (choice.key == "output.extended_vocabulary") {
      settings.push_back("data.target.vocabulary.size=2");
      if (!about("output.kind")) settings.push_back("model.output.kind=copy");
      if (!about("attention.kind")) settings.push_back("model.attention.kind=general");
    }
    if (choice.value == "adaptive")
      settings.insert(settings.end(), {"model.output.cutoffs=[4]", "model.output.shrink=2"});
    if (choice.value == "sampled" || choice.value == "noise_contrastive") settings.push_back("model.output.samples=3");
    if (choice.value == "dot" && about("encoder.bidirectional")) settings.push_back("model.encoder.cells=6");
  }
  if (about(source_parts)) {
    for (const auto* side : {"train", "validation", "test"}) {
      const auto file = side == std::string("train") ? "parts.train" : "parts.held";
      settings.push_back(fmt::format("data.{}.source={}", side, (toy / file).string()));
    }
  }
  for (const auto& choice : {first, second}) settings.push_back(choice.setting());
  return settings;
}

/// Returns the lines of a file with their last word as a second part.
std::string in_two_parts(const std::string& text) {
  std::string lines;
  for (const auto& line : lines_in(text)) {
    const auto blank = line.rfind(' ');
    lines += blank == std::string::npos ? line + " |||\n" : line.substr(0, blank) + " |||" + line.substr(blank) + "\n";
  }
  return lines;
}

/// Returns an empty string if everything works, or the key of the rule that refuses the pair.
std::string tried(Toy& toy, const std::vector<std::string>& settings, const std::string& run) {
  try {
    toy.train(run, settings);
  } catch (const UsageError& refusal) {
    const std::string text = refusal.what();
    const auto key = text.find("model.");
    return key == std::string::npos ? text : text.substr(key, text.find_first_of(" `:,", key) - key);
  }
  toy.resume(run, {"train.updates=3"});
  const bool in_parts = std::ranges::count(settings, fmt::format("{}=2", source_parts)) > 0;
  auto lines = line_reader(in_parts ? "a ||| b c\n||| b\n" : "a b c\nb\n");
  std::ostringstream out;
  run::translate(toy.load(run), lines, out, {});
  return lines_in(out.str()).size() == 2 ? "" : "translate wrote " + out.str();
}

}  // namespace

TEST_CASE("models: all pairs of kinds train, resume and decode, or are refused by a named rule",
          "[run][matrix][slow]") {
  Toy toy(turned);
  toy.folder().file("parts.train", in_two_parts(content_of(toy / "train.source")));
  toy.folder().file("parts.held", in_two_parts(content_of(toy / "held.source")));
  const auto axes = all_axes();
  std::string table;
  int64_t tried_pairs = 0, refused = 0;
  for (size_t one = 0; one < axes.size(); ++one) {
    for (const auto& first : axes[one]) {
      std::vector<std::string> works, refusals;
      for (size_t other = one + 1; other < axes.size(); ++other) {
        for (const auto& second : axes[other]) {
          CAPTURE(first.key, first.value, second.key, second.value);
          const auto key = tried(toy, settings_of(first, second, toy), fmt::format("run{}", tried_pairs++));
          if (!key.empty()) {
            ++refused;
            CHECK(key.starts_with("model."));
            refusals.push_back(fmt::format("{} ({})", second.name(), key));
          } else {
            works.push_back(second.name());
          }
        }
      }
      if (!works.empty()) table += fmt::format("{}={}: {}\n", first.key, first.value, fmt::join(works, " "));
      if (!refusals.empty()) table += fmt::format("    refused: {}\n", fmt::join(refusals, ", "));
    }
  }
  WARN(table << tried_pairs << " pairs, " << refused << " refused");
  CHECK(refused < tried_pairs / 10);
}

}  // namespace seq2seq::test

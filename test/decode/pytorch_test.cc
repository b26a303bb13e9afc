// Compares model, text and scores of a run folder with those of plain PyTorch, scripts/pytorch_model.py.

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include "seq2seq/config/reader.h"
#include "seq2seq/config/resolved.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/batch.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/score.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/nn/model/language_model.h"
#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/nn/weights.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/temporary_folder.h"
#include "test/support/witness.h"

namespace seq2seq::test {
namespace {

/// Configuration of a run's model and of its text.
struct RunConfiguration {
  explicit RunConfiguration(bool lm) : models(lm ? nn::builtin_language_models() : nn::builtin_models()) {
    if (lm) data.task = data::Task::lm;
  }
  text::TokenizerRegistry tokenizers = text::builtin_tokenizers();
  nn::ModelRegistry models;
  data::DataOptions data;
  nn::FactorOptions factors;
  nn::MultiSourceOptions multi_source;
  Selection architecture{.kind = "rnn", .options = nullptr};
};

struct DataSection {
  RunConfiguration& run;
};
void declare(config::Keys& keys, DataSection& section) {
  data::declare(keys, section.run.data, section.run.tokenizers);
}

struct ModelSection {
  RunConfiguration& run;
};
void declare(config::Keys& keys, ModelSection& section) {
  keys.select_here("architecture", section.run.architecture, section.run.models, "the model");
  keys.section("factors", section.run.factors, "factors");
  keys.section("multi_source", section.run.multi_source, "sources of several parts");
}

/// A run folder of an untrained model, with `source` and `target` beside it, and our results for these.
struct Run {
  std::shared_ptr<nn::Model> model;
  double loss = 0;             // summed over the pairs; the gradient is in the model
  std::vector<double> scores;  // of all tokens, one after another
  std::string greedy, beam;    // outputs for the sources by greedy search and by a beam of 3, one per line
};

const std::string names =
    "train: {source: a, target: b}, validation: {source: a, target: b}, test: {source: a, target: b}";

/// Words in one vocabulary only, words in neither, empty lines, very different lengths.
const std::vector<std::pair<std::string, std::string>> pairs{{"a b c", "x y"},
                                                             {"b", "y y y y y y"},
                                                             {"", "x"},
                                                             {"c c c c a b a b a b c a", ""},
                                                             {"a unknown  b", "z x nowhere"},
                                                             {"c unknown b c other unknown", "c b unknown x nowhere c"},
                                                             {"other c x", "other unknown x y"},
                                                             {"x </s> a", "<unk> <s> z"},
                                                             {"", ""}};

const std::vector<text::Vocabulary> factor_values{text::Vocabulary({{"N", 2}, {"V", 1}}), text::Vocabulary({{"p", 1}})};

/// Returns the tokens with two factors each, some of them unknown.
std::string with_factors(const std::string& source) {
  std::string line;
  for (const auto token : split(source, ' ')) {
    const std::vector<std::string> first{"N", "V", "Z"}, second{"p", "q"};
    const size_t number = line.size();
    if (!token.empty()) line += fmt::format("{}￨{}￨{} ", token, first[number % 3], second[number % 2]);
  }
  return line;
}

/// Returns the same words in several parts, some of them empty; the last part has the last words.
std::string in_parts(const std::string& source, int64_t parts) {
  std::string line;
  const auto words = split(source, ' ');
  for (int64_t part = 1, next = 0; part <= parts; ++part) {
    const auto end = part == parts ? std::ssize(words) : std::min(std::ssize(words), next + std::ssize(words) / parts);
    for (; next < end; ++next) line += fmt::format("{} ", words[static_cast<size_t>(next)]);
    if (part < parts) line += "||| ";
  }
  return line;
}

/// Returns a source as converted by the text of the run.
std::string written(const std::string& source, const data::SourceForm& form) {
  if (form.factors > 0) return with_factors(source);
  return form.parts > 1 ? in_parts(source, form.parts) : source;
}

void write_lines(const TemporaryFolder& folder, const std::string& name, const data::SourceForm& form) {
  std::string sources, targets;
  for (const auto& [source, target] : pairs) {
    sources += written(source, form) + "\n";
    targets += target + "\n";
  }
  folder.file(name + "/source", sources);
  folder.file(name + "/target", targets);
}

std::vector<std::string> source_tokens(const std::string& source, const data::TextPipeline& text) {
  return text.source_tokenizer().tokenize(written(source, text.options().source_form));
}

data::Batch batch_of(const data::TextPipeline& text) {
  std::vector<std::vector<int64_t>> sources, targets;
  for (const auto& [source, target] : pairs) {
    const auto words = source_tokens(source, text);
    sources.push_back(text.source_ids(words));
    targets.push_back(text.target_ids(text.target_tokenizer().tokenize(target), text.copied_words(words)));
  }
  return data::make_batch(sources, targets, numbers(pairs.size()), text);
}

double backward(const nn::Model& model, const data::Batch& batch) {
  const auto state = model.start(model.encode(batch.source, nullptr), at::arange(batch.sentences()));
  const auto features = model.advance(batch.inputs, *state, nullptr);
  const auto loss = model.output().loss(features, batch.targets.rows, {}).sum();
  loss.backward();
  return loss.item<double>();
}

/// Returns the best output for each source, one per line; empty for an empty line.
std::string outputs_of(const nn::Model& model, const data::TextPipeline& text, const data::Batch& batch, int64_t beam) {
  std::vector<decode::OutputLength> lengths;
  for (const auto& [source, target] : pairs) {
    const auto tokens = std::ssize(source_tokens(source, text));
    lengths.push_back({.longest = decode::longest_output(decode::MaxLengthOptions{}, tokens)});
  }
  const auto found =
      decode::search(decode::ModelPredictor(model, /*unknown=*/false), batch.source, lengths, {.beam = beam});
  std::string lines;
  for (size_t pair = 0; pair < pairs.size(); ++pair) {
    const auto source = source_tokens(pairs[pair].first, text);
    const auto words = text.target_words(text.decoder_ids(found[pair].front().ids), text.copied_words(source));
    lines += (source.empty() ? "" : text.target_tokenizer().detokenize(words)) + "\n";
  }
  return lines;
}

/// `lm`: a language model of the targets, which are scored without their sources; it writes no outputs.
Run make_run(const TemporaryFolder& folder, const std::string& name, const std::string& yaml, bool lm) {
  RunConfiguration run(lm);
  DataSection data_section{run};
  ModelSection model_section{run};
  config::Keys keys;
  keys.section("data", data_section, "data");
  keys.section("model", model_section, "model");
  config::read_text(yaml, "run.yaml", folder.path(), {}, keys);

  const text::Vocabulary sources({{"a", 5}, {"b", 4}, {"c", 3}, {"▁", 1}}),
      targets({{"y", 5}, {"x", 4}, {"z", 3}, {"c", 1}});
  const text::Vocabulary both({{"a", 5}, {"y", 5}, {"b", 4}, {"x", 4}, {"c", 3}, {"z", 3}});
  const bool one = run.data.shared_vocabulary;
  const auto& read = lm ? text::Vocabulary({}) : sources;
  const data::SourceVocabulary source(
      one ? both : read, run.data.source_form.factors > 0 ? factor_values : std::vector<text::Vocabulary>(),
      run.data.source_form.parts);
  data::TextPipeline text(run.data, run.tokenizers, source, one ? both : targets);
  const nn::ModelContext context{.source_vocabulary = text.source_vocabulary().size(),
                                 .target_vocabulary = text.target_vocabulary().size(),
                                 .placement = {},
                                 .target_of_source = [&text] { return text.target_of_source(); },
                                 .source_factors = {run.factors, text.source().factor_sizes()},
                                 .source_parts = {run.multi_source, run.data.source_form.parts, text::end_id}};
  Run made;
  made.model = run.models.make(run.architecture, context);
  if (made.model->output().extends_vocabulary()) text.extend_vocabulary();
  randomize(*made.model, /*seed=*/name.size());
  write_lines(folder, name, run.data.source_form);
  for (size_t factor = 0; factor < source.factors().size(); ++factor)
    folder.file(fmt::format("{}/source.factor{}.vocabulary", name, factor + 1), source.factors()[factor].serialize());
  folder.file(name + "/config.yaml", (lm ? "task: lm\n" : "") + config::write_yaml(keys));
  if (!lm) folder.file(name + "/source.vocabulary", text.source_vocabulary().serialize());
  folder.file(name + "/target.vocabulary", text.target_vocabulary().serialize());
  folder.file(name + "/checkpoints/last", "7\n");
  folder.file(name + "/checkpoints/7/weights.safetensors", nn::to_safetensors(nn::weights_of(*made.model)));

  const auto batch = batch_of(text);
  made.loss = backward(*made.model, batch);
  const at::NoGradGuard no_gradient;
  if (!lm) {
    made.greedy = outputs_of(*made.model, text, batch, 1);
    made.beam = outputs_of(*made.model, text, batch, 3);
  }
  for (const auto& pair : decode::score(decode::ModelPredictor(*made.model), batch)) {
    made.scores.insert(made.scores.end(), pair.token_scores.begin(), pair.token_scores.end());
  }
  return made;
}

/// Checks equality to 1e-5 of max(1, |.|): float32 against double, and another library.
bool agree(const at::Tensor& ours, const at::Tensor& theirs) {
  const auto off = (ours.to(at::kDouble) - theirs).abs();
  return ours.sizes() == theirs.sizes() && (off <= 1e-5 * theirs.abs().clamp_min(1)).all().item<bool>();
}

}  // namespace

/// Kinds of encoders, decoders and parts between them, each at least once; embeddings have width 5.
const std::vector<std::string> models{
    "encoder: {layers: 2, cells: 3, bidirectional: all}, decoder: {layers: 2, cells: 6}",
    "encoder: {layers: 2, cells: 3, bidirectional: all}, decoder: {layers: 2, cells: 4}, "
    "bridge: {kind: linear, activation: tanh}, attention: {kind: general, input_feeding: true}",
    "encoder: {layers: 3, cells: 3, bidirectional: first}, decoder: {layers: 2, cells: 4}, bridge: {kind: linear}",
    "encoder: {layers: 2, cells: 3, bidirectional: first}, decoder: {layers: 1, cells: 4}, bridge: {kind: backward}, "
    "attention: {kind: additive, units: 3, order: before, readout: {activation: maxout, width: 5, embedding: true}}",
    "encoder: {layers: 1, cells: 2, bidirectional: all}, decoder: {layers: 2, cells: 4}, bridge: {kind: mean}, "
    "attention: {kind: dot, scaled: true, order: first_layer, input_feeding: true, readout: {width: 3}}",
    "encoder: {layers: 2, cells: 4}, decoder: {layers: 3, cells: 4}, "
    "bridge: {kind: linear, layers: top, bias: false}, "
    "attention: {kind: dot, order: first_layer, readout: {activation: none}}",
    "encoder: {layers: 1, cells: 4}, decoder: {layers: 1, cells: 3}, bridge: {kind: mean, bias: true}, "
    "attention: {kind: additive, units: 4, order: before, input_feeding: true, readout: {activation: none}}",
    "encoder: {layers: 2, cells: 4}, decoder: {layers: 2, cells: 4}, "
    "attention: {kind: additive, units: 4, readout: {activation: maxout, width: 3}}",
    "encoder: {kind: gru, layers: 3, cells: 4, bidirectional: first, residual_from: 3}, "
    "decoder: {kind: gru, layers: 3, cells: 4, residual_from: 2}, bridge: {kind: linear}, attention: {kind: dot}",
    "encoder: {kind: projected_lstm, layers: 2, cells: 5, projection: 3, bidirectional: all, residual_from: 2}, "
    "decoder: {kind: lstm, layers: 1, cells: 4}, bridge: {kind: backward, bias: true}, "
    "attention: {kind: general, order: before}",
    "encoder: {layers: 1, cells: 4}, decoder: {layers: 1, cells: 4}, output: {kind: sampled, samples: 2}",
    "encoder: {layers: 1, cells: 4}, decoder: {layers: 1, cells: 4}, "
    "output: {kind: noise_contrastive, samples: 2, distribution: unigram, exponent: 0.75, bias: false}",
    "encoder: {layers: 1, cells: 8}, decoder: {layers: 1, cells: 8}, "
    "output: {kind: adaptive, cutoffs: [2, 4], shrink: 2}",
    "encoder: {kind: gru, layers: 1, cells: 4}, decoder: {kind: projected_lstm, layers: 2, cells: 5, projection: 3}, "
    "bridge: {kind: linear, activation: tanh}",
    "encoder: {layers: 1, cells: 3, bidirectional: all}, decoder: {layers: 2, cells: 4}, bridge: {kind: mean}, "
    "attention: {kind: additive, units: 3, coverage: true}",
    "encoder: {layers: 1, cells: 3}, decoder: {layers: 1, cells: 4}, bridge: {kind: mean}, "
    "attention: {kind: general, coverage: true, order: before, input_feeding: true}",
    "encoder: {layers: 1, cells: 4}, decoder: {layers: 2, cells: 4}, bridge: {kind: attentive, units: 3}, "
    "attention: {kind: additive, units: 3}, output: {kind: copy}",
    "encoder: {layers: 1, cells: 4}, decoder: {layers: 1, cells: 4}, attention: {kind: general, coverage: true, "
    "order: before, input_feeding: true, readout: {width: 5}}, output: {kind: copy}",
    "encoder: {layers: 1, cells: 4}, decoder: {layers: 1, cells: 4}, attention: {kind: general}, "
    "output: {kind: copy, extended_vocabulary: true}",
    "encoder: {layers: 1, cells: 3, bidirectional: all}, decoder: {layers: 1, cells: 4}, bridge: {kind: mean}, "
    "attention: {kind: additive, units: 3, coverage: true, readout: {embedding: true}}, "
    "output: {kind: copy, extended_vocabulary: true}"};

const std::vector<std::string> language_models{
    "embedding: {size: 5}, decoder: {layers: 2, cells: 6}",
    "embedding: {size: 4, tied: true}, decoder: {kind: gru, layers: 3, cells: 4, residual_from: 2}",
    "embedding: {size: 5}, decoder: {kind: projected_lstm, layers: 2, cells: 5, projection: 4}, "
    "output: {kind: adaptive, cutoffs: [2, 4], shrink: 1}",
    "architecture: transformer, width: 8, heads: 2, feed_forward: 6, decoder: {layers: 3}",
    "architecture: transformer, width: 8, heads: 2, feed_forward: 6, decoder: {layers: 2}, norm: pre, "
    "positions: rotary, embedding: {tied: false}"};

TEST_CASE("run folder: plain PyTorch gives the same loss, gradients, scores and outputs",
          "[decode][score][witness][gradient]") {
  const std::string two = "encoder: {layers: 2, cells: 6}, decoder: {layers: 2, cells: 6}";
  const std::string transformer = "width: 8, heads: 2, feed_forward: 6, encoder: {layers: 2}, decoder: {layers: 3}";
  std::vector<std::string> variants{
      "data: {" + names + ", reverse: none}\nmodel: {embedding: {size: 5}, " + two + "}\n",
      "data: {" + names +
          ", reverse: source, source: {end: reversed}}\nmodel: {embedding: {size: 5}, bridge: {layers: top}, "
          "encoder: {layers: 1, cells: 6}, decoder: {layers: 3, cells: 6}}\n",
      "data: {" + names + ", reverse: target, source: {end: none}}\nmodel: {embedding: {size: 6, tied: true}, " + two +
          "}\n",
      "data: {" + names + ", reverse: both}\nmodel: {embedding: {size: 5}, output: {bias: false}, " + two + "}\n",
      "data: {" + names +
          ", source: {tokenizer: {kind: character}}, target: {tokenizer: {kind: character}}}\n"
          "model: {embedding: {size: 5}, " +
          two + "}\n",
      "data: {" + names + "}\nmodel: {architecture: transformer, " + transformer + "}\n",
      "data: {" + names +
          "}\nmodel: {architecture: transformer, norm: pre, activation: gelu, embedding: {tied: false}, " +
          transformer + "}\n",
      "data: {" + names + ", shared_vocabulary: true}\nmodel: {embedding: {size: 6, tied: true, shared: true}, " + two +
          "}\n",
      "data: {" + names + ", shared_vocabulary: true}\nmodel: {embedding: {size: 5, shared: true}, " + two + "}\n",
      "data: {" + names + ", shared_vocabulary: true}\nmodel: {architecture: transformer, embedding: {shared: true}, " +
          transformer + "}\n",
      "data: {" + names +
          "}\nmodel: {architecture: transformer, embedding: {tied: false}, "
          "output: {kind: adaptive, cutoffs: [5], bias: true}, " +
          transformer + "}\n",
      "data: {" + names + "}\nmodel: {architecture: transformer, positions: learned, longest: 60, scale: false, " +
          transformer + "}\n",
      "data: {" + names + "}\nmodel: {architecture: transformer, norm: pre, positions: rotary, " + transformer + "}\n"};
  variants.push_back("data: {" + names +
                     ", shared_vocabulary: true, reverse: both}\nmodel: {embedding: {size: 5, shared: true}, "
                     "attention: {kind: general}, output: {kind: copy, extended_vocabulary: true}, " +
                     two + "}\n");
  // Factors, concatenated with the words and added to them, in recurrent layers and in a Transformer.
  const std::string factored = ", reverse: source, source: {factors: 2}}\nmodel: {";
  for (const auto& model : {"embedding: {size: 7}, factors: {sizes: [3, 2]}, " + two,
                            "embedding: {size: 5}, factors: {combine: sum}, " + two,
                            "architecture: transformer, factors: {sizes: [3, 1]}, " + transformer,
                            "architecture: transformer, factors: {combine: sum}, " + transformer})
    variants.push_back("data: {" + names + factored + model + "}\n");
  variants.push_back("data: {" + names +
                     ", source: {factors: 2, tokenizer: {kind: character}}}\nmodel: {embedding: {size: 7}, factors: "
                     "{sizes: [3, 2]}, " +
                     two + "}\n");
  // Sources of several parts.
  const std::string in_two = ", reverse: source, source: {parts: 2}}\nmodel: {embedding: {size: 5}, ";
  for (const auto& model :
       {two, two + ", multi_source: {combine: child_sum}, attention: {kind: general}",
        two + ", attention: {kind: additive, units: 3, order: before, input_feeding: true, coverage: true}",
        std::string("encoder: {kind: gru, layers: 2, cells: 3, bidirectional: all}, decoder: {kind: gru, layers: 2, "
                    "cells: 4}, bridge: {kind: linear}, attention: {kind: general, readout: {embedding: true}}"),
        std::string(
            "encoder: {layers: 2, cells: 4, bidirectional: first}, decoder: {layers: 2, cells: 4}, bridge: {kind: "
            "linear}, attention: {kind: dot, order: first_layer, readout: {activation: none}}")})
    variants.push_back("data: {" + names + in_two + model + "}\n");
  variants.push_back("data: {" + names +
                     ", shared_vocabulary: true, source: {parts: 3}}\nmodel: {embedding: {size: 5, " +
                     "shared: true}, multi_source: {combine: child_sum}, attention: {kind: general}, " + two + "}\n");
  for (const auto& model : models)
    variants.push_back("data: {" + names + ", reverse: source}\nmodel: {embedding: {size: 5}, " + model + "}\n");
  const size_t translations = variants.size();
  for (const auto& model : language_models) variants.push_back("data: {train: {target: b}}\nmodel: {" + model + "}\n");
  const TemporaryFolder folder;
  std::vector<Run> runs;
  for (size_t i = 0; i < variants.size(); ++i)
    runs.push_back(make_run(folder, fmt::format("run{}", i), variants[i], /*lm=*/i >= translations));

  if (!run_witness("pytorch_model.py", folder.path())) {
    WARN("skipped: no witness torch");
    return;
  }

  for (size_t i = 0; i < runs.size(); ++i) {
    CAPTURE(i, variants[i]);
    const auto file = folder / fmt::format("run{}/witness.safetensors", i);
    const auto theirs = nn::from_safetensors(content_of(file), file).tensors;
    REQUIRE_THAT(runs[i].loss, WithinRel(theirs.at("loss").item<double>(), 1e-5));
    REQUIRE(agree(at::tensor(runs[i].scores, at::kDouble), theirs.at("scores")));
    if (i < translations) {
      CHECK(content_of(folder / fmt::format("run{}/outputs.1", i)) == runs[i].greedy);
      CHECK(content_of(folder / fmt::format("run{}/outputs.3", i)) == runs[i].beam);
    }
    const auto parameters = runs[i].model->named_parameters();
    REQUIRE(theirs.size() == parameters.size() + 2);
    for (const auto& parameter : parameters) {
      CAPTURE(parameter.key());
      REQUIRE(agree(parameter.value().grad(), theirs.at(parameter.key())));
    }
  }
}

}  // namespace seq2seq::test

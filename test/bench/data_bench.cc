// usage: data_bench text FOLDER PAIRS    writes FOLDER/text.source and text.target: words by Zipf's law, lengths as in
// translation
//        data_bench load CONFIG SECONDS  takes batches of the configuration's prepared text, and of shuffled ones, one
//        core
//
// Prints one JSON object. scripts/bench runs it.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/batch_stream.h"
#include "seq2seq/run/training_data.h"

using namespace seq2seq;

namespace {

constexpr int64_t kWords = 200'000;
constexpr double kMeanLength = 25, kLongest = 80;

/// Draws ranks by Zipf's law, P(rank) ~ 1 / rank, by inversion of its continuous form.
int64_t zipf(std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(0, std::log(static_cast<double>(kWords)));
  return static_cast<int64_t>(std::exp(uniform(random)));
}

void write_sentence(std::ofstream& file, std::mt19937_64& random, int64_t words) {
  std::string line;
  for (int64_t i = 0; i < words; ++i)
    fmt::format_to(std::back_inserter(line), "{}w{}", i == 0 ? "" : " ", zipf(random));
  file << line << '\n';
}

/// Draws lengths of the source by a gamma distribution, and similar ones of the target, as in parallel text.
void write_text(const std::string& folder, int64_t pairs) {
  std::ofstream source(folder + "/text.source"), target(folder + "/text.target");
  std::mt19937_64 random(1);
  std::gamma_distribution<double> length(2, kMeanLength / 2);
  std::normal_distribution<double> ratio(1.1, 0.15);
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const double words = std::clamp(length(random), 1.0, kLongest);
    write_sentence(source, random, static_cast<int64_t>(words));
    write_sentence(target, random, static_cast<int64_t>(std::clamp(words * ratio(random), 1.0, kLongest)));
  }
  if (!source.flush() || !target.flush()) throw Error(Place{.file = folder}, "cannot be written");
}

/// Returns `VmRSS` or `VmHWM` of this process, in MB.
double memory(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == key + ":" && status >> kilobytes) return kilobytes / 1e3;
  }
  return 0;
}

struct Taken {
  int64_t tokens = 0, padded = 0, batches = 0;  // padded: size of a rectangle for each batch and side
  double seconds = 0, resident = 0;
};

Taken take(const data::Corpus& corpus, const data::TextPipeline& text, const data::BatchOptions& options,
           double seconds) {
  Taken taken;
  const auto start = std::chrono::steady_clock::now();
  data::BatchStream stream(corpus, text, options, /*seed=*/1, {});
  const double planned = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto first = std::chrono::steady_clock::now();
  while (taken.seconds < seconds) {
    const auto batch = stream.next().batch;
    for (const auto* side : {&batch.source, &batch.inputs}) {
      taken.tokens += side->layout->rows();
      taken.padded += side->sentences() * std::ssize(side->layout->running);
    }
    ++taken.batches;
    taken.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - first).count();
    taken.resident = std::max(taken.resident, memory("VmRSS"));
  }
  std::cerr << fmt::format("planned an epoch in {:.1f} s\n", planned);
  return taken;
}

std::string json_of(const Taken& taken) {
  return fmt::format(R"({{"tokens_per_second": {:.0f}, "batches": {}, "pad_share": {:.4f}, "resident_mb": {:.0f}}})",
                     static_cast<double>(taken.tokens) / taken.seconds, taken.batches,
                     1 - static_cast<double>(taken.tokens) / static_cast<double>(taken.padded), taken.resident);
}

void load(const std::string& config, double seconds) {
  const auto registries = run::builtin_registries();
  Log log(std::cerr, Log::Level::quiet);
  run::Environment environment;
  environment.registries = &registries;
  environment.log = &log;
  const auto configuration = run::read_configuration(config, {}, registries);
  const auto data = run::read_training_data(*configuration, environment);
  auto options = configuration->options.train.batch;
  const auto bucketed = take(data.train, *data.text, options, seconds);
  options.pool = 1;  // a pool of one batch: pairs stay in shuffled order
  const auto random = take(data.train, *data.text, options, seconds);
  std::cout << fmt::format(R"({{"pairs": {}, "bucketed": {}, "random": {}, "peak_mb": {:.0f}}})", data.train.pairs(),
                           json_of(bucketed), json_of(random), memory("VmHWM"))
            << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    if (words.size() == 3 && words[0] == "text") {
      write_text(words[1], std::stoll(words[2]));
    } else if (words.size() == 3 && words[0] == "load") {
      load(words[1], std::stod(words[2]));
    } else {
      std::cerr << "usage: data_bench text FOLDER PAIRS | load CONFIG SECONDS\n";
      return 2;
    }
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
  return 0;
}

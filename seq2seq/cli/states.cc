#include "seq2seq/run/states.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/atomic_text.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::cli {

namespace {

class States final : public Command {
 public:
  std::string name() const override { return "states"; }
  std::string about() const override { return "write the encoder's final state of each sentence"; }
  Help help() const override {
    return {.examples = {"states runs/first sentences.txt > states.tsv",
                         "states runs/first sentences.txt --layer 2 --output states.npy"},
            .page = "docs/states.md"};
  }

  void declare(Arguments& arguments) override {
    arguments.required("RUN", folder_, "folder of the run, or one of its checkpoints: RUN/checkpoints/best");
    arguments.optional("SENTENCES", input_, "file of source sentences, one per line (default: standard input)");
    arguments.option("--checkpoint", checkpoint_, "CHECKPOINT",
                     "best, last, or the number of an update (default: best)");
    arguments.option(
        "--output", output_, "FILE",
        "output file: a NumPy array if the name ends in `.npy`; tab-separated columns after a line of "
        "names if it ends in `.tsv`, `.txt` or without an extension (default: columns on standard output)");
    arguments.option("--layer", layer_, "N", "only layer N of the encoder, counted from 1 (default: all)");
    arguments.option("--part", part_, "PART", "hidden, cell, or all (default: hidden)");
    arguments.flag("--tokens", options_.tokens, "read tokens separated by spaces instead of text");
    common_.declare(arguments, "");
  }

  int run(const Context& context) override {
    constexpr int64_t most_layers = 1000;
    auto log = common_.log(context);
    const auto environment = common_.environment(context, log);
    if (layer_) options_.layer = parse_number<int64_t>("--layer", *layer_, 1, most_layers);
    options_.part = part();
    const bool as_array = output_ && is_array(*output_);
    if (output_) check_outputs({{"SENTENCES", input_}}, {{"--output", *output_}});
    const bool from_stream = input_.empty() || input_ == "-";
    auto bytes = from_stream ? nullptr : data::open_bytes(input_);
    const auto loaded = run::load_run(folder_, checkpoint_, {}, environment);
    run::check_translates(loaded, "has no encoder");
    if (from_stream) bytes = data::open_bytes(context.streams.in, "<stdin>");
    data::LineReader lines(std::move(bytes), from_stream ? "<stdin>" : input_);
    const auto states = run::encoder_states(loaded, lines, options_);
    if (!output_) {
      run::write_tsv(states, *context.streams.out);
      context.streams.out->flush();
      check_written(*context.streams.out);
      return Exit::done;
    }
    AtomicText file(disk_files(), *output_);
    (as_array ? run::write_npy : run::write_tsv)(states, file.stream());
    file.commit();
    return Exit::done;
  }

 private:
  /// Returns true if the name of the output asks for a NumPy array. Throws UsageError for an unknown format.
  static bool is_array(const std::string& output) {
    const auto extension = std::filesystem::path(output).extension();
    if (extension == ".npy") return true;
    if (extension.empty() || extension == ".tsv" || extension == ".txt") return false;
    throw UsageError(Place{.part = "--output " + output}, "unknown format " + quote(extension.string()),
                     "Use `.npy` for a NumPy array, or `.tsv` or `.txt` for columns between tabs");
  }

  run::StatePart part() const {
    if (part_ == "hidden") return run::StatePart::hidden;
    if (part_ == "cell") return run::StatePart::cell;
    if (part_ == "all") return run::StatePart::all;
    throw UsageError(Place{.part = "--part " + part_}, "must be hidden, cell or all");
  }

  std::string folder_, checkpoint_ = "best", input_, part_ = "hidden";
  std::optional<std::string> output_, layer_;
  CommonArguments common_;
  run::StatesOptions options_;
};

}  // namespace

std::unique_ptr<Command> states_command() { return std::make_unique<States>(); }

}  // namespace seq2seq::cli

#include "seq2seq/cli/manual_page.h"

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "seq2seq/text/unicode.h"

namespace seq2seq::cli {

namespace {

/// Text as roff has it: `code` in bold, hyphens as typed, other characters by their number. Begins no line with a
/// control character.
std::string roff(std::string_view text) {
  std::string out;
  bool bold = false;
  while (!text.empty()) {
    const char32_t code_point = text::take_character(text);
    if (code_point == '`') {
      bold = !bold;
      out += bold ? "\\fB" : "\\fR";
    } else if (code_point == '\\') {
      out += "\\e";
    } else if (code_point == '-') {
      out += "\\-";
    } else if (code_point > 126) {
      out += fmt::format("\\[u{:04X}]", static_cast<uint32_t>(code_point));
    } else {
      out += static_cast<char>(code_point);
    }
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

/// `--device DEVICE`, with fonts.
std::string spelled(const ArgumentFacts& argument) {
  if (argument.positional) return fmt::format("\\fI{}\\fR", roff(argument.name));
  const auto name = fmt::format("\\fB{}\\fR", roff(argument.name));
  return argument.value.empty() ? name : fmt::format("{} \\fI{}\\fR", name, roff(argument.value));
}

std::string describe_command(const CommandFacts& command) {
  std::string synopsis = fmt::format("\\fBseq2seq {}\\fR", roff(command.name));
  bool options = false;
  for (const auto& argument : command.arguments) {
    options = options || !argument.positional;
    if (argument.positional)
      synopsis += argument.required ? " " + spelled(argument) : fmt::format(" [{}]", spelled(argument));
  }
  if (options) synopsis += " [\\fIoption\\fR ...]";
  std::string text = fmt::format(".SS {}\n{}\n", synopsis, roff(command.about));
  for (const auto& argument : command.arguments)
    text += fmt::format(".TP\n{}\n{}\n", spelled(argument), roff(argument.meaning));
  text += ".PP\nExamples:\n.nf\n";
  for (const auto& example : command.help.examples) text += fmt::format("  seq2seq {}\n", roff(example));
  return text + ".fi\n";
}

constexpr const char* kManualHead = R"(.TH SEQ2SEQ 1 "" "seq2seq {0}" "User Commands"
.SH NAME
seq2seq \- learn to map sequences to sequences: LSTM encoder\-decoders, attention, Transformers
.SH SYNOPSIS
.B seq2seq
.I command
[\fIargument\fR ...]
.br
.B seq2seq
[\fIcommand\fR] \fB\-\-help\fR
.br
.B seq2seq \-\-version
.SH DESCRIPTION
{1}
One YAML file configures a run. Training writes a run folder, which all other commands read.
.SH COMMANDS
)";

constexpr const char* kManualTail = R"(.SH CONFIGURATION
.B seq2seq config reference
lists every key with its type, default, unit, range and meaning;
.B seq2seq config check
reads a file as
.B seq2seq train
does and prints all errors. Paths in a file are relative to the file; paths on the command line are relative to the current folder.
.SH EXIT STATUS
.TP
.B 0
Success.
.TP
.B 1
Failure.
.TP
.B 2
The command line or the configuration is wrong.
.TP
.B 130
Interrupted; training has written a checkpoint.
.TP
.B 141
The reader of the output closed the pipe.
.SH ENVIRONMENT
.TP
.B SEQ2SEQ_ISA
Instruction set of the kernels: reference, neon, avx2, avx512 or amx (default: the best one that the processor has).
.SH EXAMPLES
.TP
Train, resume and use a model:
.nf
seq2seq train configs/g2p.yaml \-\-run runs/g2p
seq2seq train \-\-resume runs/g2p \-\-set train.updates=20000
seq2seq translate runs/g2p words.txt \-\-beam 5 \-\-output phonemes.txt
seq2seq evaluate runs/g2p
.fi
)";

}  // namespace

std::string manual_page(const std::vector<CommandFacts>& commands, const std::string& version) {
  std::string text = fmt::format(kManualHead, roff(version), roff(program_summary));
  for (const auto& command : commands) text += describe_command(command);
  return text + kManualTail;
}

}  // namespace seq2seq::cli

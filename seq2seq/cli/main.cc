// The program `seq2seq`. A program with kinds of your own is the same with a line more for each: see docs/extending.md.

#include "seq2seq/cli/command.h"

int main(int count, char** words) {
  const auto registries = seq2seq::run::builtin_registries();
  return seq2seq::cli::run(count, words, registries);
}

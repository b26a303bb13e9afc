// The program `seq2seq`. A program with your own kinds is the same, with one more line for each: see docs/extending.md.

#include "seq2seq/cli/command.h"

int main(int count, char** words) {
  const auto registries = seq2seq::run::builtin_registries();
  return seq2seq::cli::run(count, words, registries);
}

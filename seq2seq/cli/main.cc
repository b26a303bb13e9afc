// The program `seq2seq`. To add kinds of your own (a tokenizer, a model, an optimiser, a schedule), write a `main` like
// this one and add them to the registries before the last line.

#include <csignal>
#include <iostream>

#include "seq2seq/cli/command.h"
#include "seq2seq/cli/share_processors.h"

int main(int count, char** words) {
  seq2seq::cli::share_processors(count, words);
  std::signal(SIGPIPE,
              SIG_IGN);  // a reader that has gone shows as a failed write: a training goes on, a translation ends
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files (`ulimit -f`) shows as a failed write, as a full disk
  std::ios::sync_with_stdio(false);
  const auto registries = seq2seq::run::builtin_registries();
  return seq2seq::cli::run(count, words, registries);
}

#pragma once

namespace seq2seq::cli {

/// Types of the program's streams.
struct Terminal {
  bool out = false, err = false;  // true for a terminal, not for a file or a pipe
  int columns = 80;               // of standard error
};

Terminal terminal_of_process();

}  // namespace seq2seq::cli

#include "seq2seq/cli/terminal.h"

#include <unistd.h>

#include <sys/ioctl.h>

namespace seq2seq::cli {

namespace {

int columns_of(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Terminal terminal_of_process() {
  return {
      .out = ::isatty(STDOUT_FILENO) != 0, .err = ::isatty(STDERR_FILENO) != 0, .columns = columns_of(STDERR_FILENO)};
}

}  // namespace seq2seq::cli

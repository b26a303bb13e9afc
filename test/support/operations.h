#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <ATen/record_function.h>

namespace seq2seq::test {

/// How many of LibTorch's operations `work` runs on this thread: what is not computed runs none.
template <class Work>
int64_t operations_in(Work&& work) {
  static thread_local int64_t count = 0;
  count = 0;
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback([](const at::RecordFunction&) -> std::unique_ptr<at::ObserverContext> {
        ++count;
        return nullptr;
      }).scopes({at::RecordScope::FUNCTION}));
  std::forward<Work>(work)();
  at::removeCallback(handle);
  return count;
}

}  // namespace seq2seq::test

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <ATen/record_function.h>

namespace seq2seq::test {

/// How many products, and tensors to hold a result, LibTorch makes on this thread while `work` runs: a gradient that is
/// not computed needs none.
template <class Work>
int64_t products_in(Work&& work) {
  static thread_local int64_t count = 0;
  count = 0;
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback([](const at::RecordFunction& call) -> std::unique_ptr<at::ObserverContext> {
        const std::string_view name = call.name();
        if (name == "aten::mm" || name == "aten::empty_like") ++count;
        return nullptr;
      }).scopes({at::RecordScope::FUNCTION}));
  std::forward<Work>(work)();
  at::removeCallback(handle);
  return count;
}

}  // namespace seq2seq::test

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <typeindex>
#include <typeinfo>
#include <utility>

namespace seq2seq {

/// Options of any type, together with that type. Reading returns the stored options, or null for another type. Copies
/// share the options. Empty by default.
class AnyOptions {
 public:
  AnyOptions() = default;
  AnyOptions(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): `.options = nullptr`
  template <class Options>
  AnyOptions(std::shared_ptr<Options> value)  // NOLINT(google-explicit-constructor): `.options = make_shared<...>()`
      : type_(value ? typeid(Options) : typeid(void)), value_(std::move(value)) {
    static_assert(!std::is_void_v<Options> && !std::is_const_v<Options>, "the options need a type, and may be changed");
  }

  /// Returns the options; null if there are none, or if they are of another type.
  template <class Options>
  Options* get() const {
    return type_ == typeid(Options) ? static_cast<Options*>(value_.get()) : nullptr;
  }

  explicit operator bool() const { return value_ != nullptr; }
  std::type_index type() const { return type_; }  // of `void` if empty
  /// Returns true if both are the same object; equal objects are not enough.
  bool operator==(const AnyOptions& other) const { return value_ == other.value_; }

 private:
  std::type_index type_ = typeid(void);
  std::shared_ptr<void> value_;
};

/// Returns the name of a type in C++ notation, for messages: `seq2seq::train::AdamOptions`.
std::string name_of_type(std::type_index type);

}  // namespace seq2seq

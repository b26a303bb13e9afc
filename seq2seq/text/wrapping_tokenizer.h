#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "seq2seq/text/tokenizer.h"

namespace seq2seq::text {

/// A tokenizer that changes or divides lines for another tokenizer, whose model and properties it has.
class WrappingTokenizer : public Tokenizer {
 public:
  explicit WrappingTokenizer(std::shared_ptr<Tokenizer> cutter) : cutter_(std::move(cutter)) {}

  bool is_lossless() const override { return cutter_->is_lossless(); }
  bool learns() const override { return cutter_->learns(); }
  std::string model() const override { return cutter_->model(); }
  void set_model(std::string_view bytes) override { cutter_->set_model(bytes); }
  bool samples() const override { return cutter_->samples(); }
  std::vector<std::string> pieces() const override { return cutter_->pieces(); }

 protected:
  Tokenizer& cutter() const { return *cutter_; }

 private:
  std::shared_ptr<Tokenizer> cutter_;
};

}  // namespace seq2seq::text

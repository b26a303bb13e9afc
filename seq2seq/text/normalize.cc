#include "seq2seq/text/normalize.h"

#include <algorithm>
#include <utility>

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>

#include "seq2seq/core/error.h"

namespace seq2seq::text {
namespace {

void check(UErrorCode status, const char* what) {
  if (U_FAILURE(status)) throw Error(std::string("ICU cannot ") + what + ": " + u_errorName(status));
}

const icu::Normalizer2* instance(NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = form == NormalForm::none  ? nullptr
                                       : form == NormalForm::nfc ? icu::Normalizer2::getNFCInstance(status)
                                                                 : icu::Normalizer2::getNFKCInstance(status);
  check(status, "load its data of normal forms; check that ICU is installed completely");
  return normalizer;
}

bool is_ascii(const std::string& line) {
  return std::all_of(line.begin(), line.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

bool lower_ascii(std::string& line) {
  bool changed = false;
  for (char& byte : line) {
    if (byte < 'A' || byte > 'Z') continue;
    byte = static_cast<char>(byte - 'A' + 'a');
    changed = true;
  }
  return changed;
}

}  // namespace

struct Normalizer::Impl {
  const icu::Normalizer2* form;  // owned by ICU; null: none
  bool lowercase;

  bool to_form(std::string& line) const {
    if (form == nullptr) return false;
    UErrorCode status = U_ZERO_ERROR;
    if (form->isNormalizedUTF8(line, status)) return false;
    std::string result;
    icu::StringByteSink<std::string> sink(&result);
    form->normalizeUTF8(0, line, sink, nullptr, status);
    check(status, "normalize a line");
    return replace(line, std::move(result));
  }

  bool to_lowercase(std::string& line) const {
    if (!lowercase) return false;
    std::string result;
    icu::StringByteSink<std::string> sink(&result);
    UErrorCode status = U_ZERO_ERROR;
    icu::CaseMap::utf8ToLower("", 0, line, sink, nullptr, status);
    check(status, "turn a line to lower case");
    return replace(line, std::move(result));
  }

  static bool replace(std::string& line, std::string&& result) {
    if (result == line) return false;
    line = std::move(result);
    return true;
  }
};

void declare(config::Keys& keys, NormalizeOptions& options) {
  keys.add("form", options.form, {{"none", NormalForm::none}, {"nfc", NormalForm::nfc}, {"nfkc", NormalForm::nfkc}},
           "Unicode normal form; nfkc also folds ligatures, full-width letters, superscripts and the like, which "
           "cannot be undone");
  keys.add("lowercase", options.lowercase, "convert lines to lower case");
}

Normalizer::Normalizer(const NormalizeOptions& options)
    : impl_(std::make_unique<Impl>(Impl{instance(options.form), options.lowercase})),
      active_(options.form != NormalForm::none || options.lowercase) {}
Normalizer::~Normalizer() = default;
Normalizer::Normalizer(Normalizer&&) noexcept = default;

bool Normalizer::apply(std::string& line) const {
  if (!active_) return false;
  if (is_ascii(line)) return impl_->lowercase && lower_ascii(line);  // no form changes ASCII
  const std::string before = line;
  impl_->to_form(line);
  if (impl_->to_lowercase(line)) impl_->to_form(line);
  return line != before;
}

}  // namespace seq2seq::text

#include "seq2seq/data/prepare/choose_vocabulary.h"

#include <string>
#include <vector>

#include "seq2seq/core/checksum.h"
#include "seq2seq/data/factors.h"
#include "seq2seq/data/side_tokenizers.h"
#include "seq2seq/data/store/store_file.h"
#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {
namespace {

void write_side(const PreparedFolder::Side& side, const text::Vocabulary& words, const SourceVocabulary& vocabulary,
                Files& files, SideSummary& summary) {
  std::vector<int64_t> ids{text::unknown_id, text::start_id, text::end_id};
  int64_t known = 0;
  for (const auto& word : words.words()) {
    ids.push_back(vocabulary.id(word.text));
    if (vocabulary.word(ids.back()) != text::unknown_id) known += word.count;
  }
  StoreWriter writer(files, side.ids, vocabulary.ids());
  writer.add(ids);
  writer.finish();
  const auto bytes = vocabulary.words().serialize();
  write_atomically(files, side.vocabulary, bytes);
  summary.unknown = summary.tokens - known;
  summary.vocabulary_words = std::ssize(vocabulary.words().words());
  summary.vocabulary_sha256 = sha256(bytes);
}

text::VocabularyBuilder counted(const text::Vocabulary& words) {
  text::VocabularyBuilder builder;
  for (const auto& word : words.words()) builder.add(word.text, word.count);
  return builder;
}

FactorCounter counted_source(const text::Vocabulary& tokens, const SourceForm& form) {
  FactorCounter counter(form);
  for (const auto& token : tokens.words()) counter.add(token.text, token.count);
  return counter;
}

std::string model_of(const PreparedFolder::Side& side, const SideSummary& summary, const Files& files) {
  return summary.tokenizer_sha256.empty() ? std::string() : files.read(side.tokenizer);
}

}  // namespace

void choose_vocabulary(const PrepareJob& job, const PreparedFolder& folder, Summary& summary) {
  const auto source_words = text::Vocabulary::load(folder.source().words);
  const auto target_words = text::Vocabulary::load(folder.target().words);
  SideTokenizers tokenizers(*job.data, *job.tokenizers);
  tokenizers.set(
      {model_of(folder.source(), summary.source, *job.files), model_of(folder.target(), summary.target, *job.files)});
  auto source_counts = counted_source(source_words, job.data->source_form);
  auto target_counts = counted(target_words);
  tokenizers.count_pieces(source_counts.words(), target_counts);
  const auto added = [](const text::VocabularyBuilder& from) {
    return [&from](text::VocabularyBuilder& into) { into.add(from); };
  };
  const auto [source, target] =
      TextPipeline::vocabularies(*job.data, added(source_counts.words()), added(target_counts));
  // While its summary has no vocabulary options, the folder counts as incomplete: an interrupted run chooses again.
  summary.vocabulary_options.clear();
  write_atomically(*job.files, folder.summary(), serialize(summary));
  write_side(folder.source(), source_words, {source, source_counts.vocabularies(), job.data->source_form.parts},
             *job.files, summary.source);
  write_side(folder.target(), target_words, target, *job.files, summary.target);
  summary.vocabulary_options = job.keys.vocabulary;
  write_atomically(*job.files, folder.summary(), serialize(summary));
}

}  // namespace seq2seq::data

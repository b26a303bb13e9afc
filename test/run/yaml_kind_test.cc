#include "seq2seq/run/yaml_kind.h"

#include <string>

#include "test/support/catch.h"

namespace seq2seq::test {

TEST_CASE("yaml kind: the keys at the top decide, most of them if they disagree", "[run]") {
  using run::YamlKind;
  const auto [text, kind] = GENERATE(table<std::string, YamlKind>({
      {"seed: 1\ntrain.updates: 5\n", YamlKind::configuration},
      {"# base: rows\ndata: {train: {source: a}}\nmodel:\n  rows: 3\n", YamlKind::configuration},
      {"question: q\nbase: a.yaml\nrows:\n  - {name: a}\n", YamlKind::study},
      {"base: a.yaml\nmetrics: [bleu]\n", YamlKind::study},
      {"question: q\nrows: []\ntrain: {epochs: 3}\n", YamlKind::study},
      {"data: {}\ntrain: {}\nrows: 1\n", YamlKind::configuration},
      {"device:\n  name: GPU\n", YamlKind::machine},
      {"placement: {encoder: cpu}\n", YamlKind::placement},
      {"seed: 1\n", YamlKind::other},
      {"", YamlKind::other},
  }));
  CAPTURE(text);
  CHECK(run::kind_of_yaml(text) == kind);
}

}  // namespace seq2seq::test

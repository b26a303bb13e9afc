#include "seq2seq/config/scalar.h"

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "test/support/catch.h"

namespace seq2seq::config {

TEST_CASE("scalar: numbers are written as a person would", "[config][scalar]") {
  const auto [value, text] = GENERATE(table<double, std::string>({
      {0.7, "0.7"},
      {5.0, "5"},
      {0.1 + 0.2, "0.30000000000000004"},
      {0.0001, "0.0001"},
      {1e-8, "1.0e-08"},
      {-2.5e-9, "-2.5e-09"},
      {1e6, "1000000"},
      {1e20, "1.0e+20"},
      {-0.0, "-0"},
      {std::numeric_limits<double>::infinity(), ".inf"},
  }));
  REQUIRE(to_yaml(value) == text);
}

TEST_CASE("scalar: every double reads back to the same bits", "[config][scalar][property]") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(uint64_t{random()});
    if (value != value || value - value != 0) continue;
    double back = 0;
    from_checked(to_yaml(value), back);
    REQUIRE(std::bit_cast<uint64_t>(value) == std::bit_cast<uint64_t>(back));
  }
}

TEST_CASE("scalar: whole numbers read back to the same at both ends", "[config][scalar]") {
  for (const int64_t value : {std::numeric_limits<int64_t>::min(), int64_t{0}, std::numeric_limits<int64_t>::max()}) {
    int64_t back = 1;
    from_checked(to_yaml(value), back);
    REQUIRE(back == value);
  }
  uint64_t back = 1;
  from_checked(to_yaml(std::numeric_limits<uint64_t>::max()), back);
  REQUIRE(back == std::numeric_limits<uint64_t>::max());
}

TEST_CASE("scalar: texts are quoted where YAML would take them for something else", "[config][scalar]") {
  const auto [value, text] = GENERATE(table<std::string, std::string>({
      {"plain", "plain"},
      {"/data/wmt14/train.en", "/data/wmt14/train.en"},
      {"-z", "-z"},
      {"", "\"\""},
      {"null", "\"null\""},
      {"Yes", "\"Yes\""},
      {"007", "\"007\""},
      {"1e3", "\"1e3\""},
      {"0x1F", "\"0x1F\""},
      {"a: b", "\"a: b\""},
      {"a #b", "\"a #b\""},
      {"say \"hi\"\n", "\"say \\\"hi\\\"\\n\""},
  }));
  REQUIRE(to_yaml(value) == text);
}

TEST_CASE("scalar: any text reads back to the same, alone and in a list", "[config][scalar][property]") {
  const std::string alphabet = "ab01 \t\n\"'\\:#,[]{}&*!|>%@`~-+._?<=";
  std::mt19937 random(2);
  std::vector<std::string> texts{"---", "...", "- a", "? a", "é",   "\x01\x7F", "-", "--- a",
                                 "<<",  "=",   "~",   "a:",  ": a", " a",       "a "};
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto length = random() % 6; length > 0; --length) text += alphabet[random() % alphabet.size()];
    texts.push_back(text);
  }
  for (const auto& text : texts) {
    CAPTURE(text);
    REQUIRE(YAML::Load("key: " + to_yaml(text))["key"].Scalar() == text);
    const YAML::Node list = YAML::Load(yaml_list({to_yaml(text), "b"}));
    REQUIRE(list.size() == 2);
    REQUIRE(list[0].Scalar() == text);
  }
}

}  // namespace seq2seq::config

#include "seq2seq/core/isa.h"

#include "seq2seq/core/error.h"
#include "test/support/catch.h"

namespace seq2seq::test {

TEST_CASE("instruction sets: one that is named is used, and nothing is used in place of it", "[core][error]") {
  CHECK(choose_isa(Isa::avx512, "") == Isa::avx512);
  CHECK(choose_isa(Isa::avx512, "avx2") == Isa::avx2);
  CHECK(choose_isa(Isa::amx, "") == Isa::amx);
  CHECK(choose_isa(Isa::amx, "avx512") == Isa::avx512);
  CHECK(choose_isa(Isa::avx2, "avx2") == Isa::avx2);
  CHECK(choose_isa(Isa::reference, "reference") == Isa::reference);
  CHECK(choose_isa(Isa::neon, "") == Isa::neon);
  CHECK(choose_isa(Isa::neon, "reference") == Isa::reference);
  CHECK_THROWS_AS(choose_isa(Isa::amx, "neon"), UsageError);
  CHECK_THROWS_AS(choose_isa(Isa::neon, "avx2"), UsageError);
  CHECK_THROWS_AS(choose_isa(Isa::avx2, "avx512"), UsageError);
  CHECK_THROWS_WITH(choose_isa(Isa::avx2, "avx512"),
                    "SEQ2SEQ_ISA=avx512: this processor does not have these "
                    "instructions. Use avx2 or less, or unset the variable");
  CHECK_THROWS_WITH(choose_isa(Isa::reference, "avx2"), ContainsSubstring("Use reference, or unset the variable"));
  CHECK_THROWS_WITH(choose_isa(Isa::avx512, "amx"),
                    "SEQ2SEQ_ISA=amx: this processor does not have these "
                    "instructions. Use avx512 or less, or unset the variable");
  CHECK_THROWS_WITH(choose_isa(Isa::amx, "sse4"),
                    "SEQ2SEQ_ISA=sse4: unknown instruction set. Use reference, neon, avx2, avx512 or amx");
}

}  // namespace seq2seq::test

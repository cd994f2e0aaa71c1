#include "lm/dtype.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace iago {
namespace {

// The compiler's own binary16, where it has one, is the oracle.
#ifdef __FLT16_MAX__
TEST(Float16, ReadsEveryNumberAsTheCompilerDoes) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const auto expected = static_cast<float>(std::bit_cast<_Float16>(half));
    const float found = float16_to_float32(half);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(found)) << bits;
    } else {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(found), std::bit_cast<std::uint32_t>(expected))
          << bits;
    }
  }
}

TEST(Float16, RoundsAsTheCompilerDoes) {
  for (std::uint64_t step = 0; step < 0x100000000; step += 7919) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(step));
    if (std::isnan(value)) continue;
    const auto expected = std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
    ASSERT_EQ(float32_to_float16(value), expected) << value;
  }
}
#endif

TEST(Float16, RoundsTiesToEvenAndKeepsSubnormals) {
  EXPECT_EQ(float32_to_float16(1.0f + 0x1p-11f), 0x3c00);      // tie, down to even
  EXPECT_EQ(float32_to_float16(1.0f + 3 * 0x1p-11f), 0x3c02);  // tie, up to even
  EXPECT_EQ(float32_to_float16(0x1p-24f), 0x0001);
  EXPECT_EQ(float32_to_float16(0x1p-25f), 0x0000);
  EXPECT_EQ(float32_to_float16(65504.0f), 0x7bff);
  EXPECT_EQ(float32_to_float16(65519.0f), 0x7bff);
  EXPECT_EQ(float32_to_float16(65520.0f), 0x7c00);
  EXPECT_EQ(float32_to_float16(-0.0f), 0x8000);
}

TEST(BFloat16, IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(bfloat16_to_float32(0x3f80), 1.0f);
  EXPECT_EQ(bfloat16_to_float32(0xc049), -3.140625f);
  EXPECT_TRUE(std::isnan(bfloat16_to_float32(0x7fc0)));
}

}  // namespace
}  // namespace iago

// Lanes: sixteen floats that are worked on at once. A vector type of the compiler (g++ and clang),
// not intrinsics: one AVX-512 register, or two or four narrower ones, from the same source.
// Only the files of levels/ may include it: others would lack what CMakeLists.txt compiles them
// with.
#pragma once

#include <cstdint>

namespace iago::lanes {

inline constexpr int kLanes = 16;

using Lanes = float __attribute__((vector_size(64)));
using Ints = std::int32_t __attribute__((vector_size(64)));
using Loose = float __attribute__((vector_size(64), aligned(4), may_alias));

[[gnu::always_inline]] inline Lanes load(const float* from) {
  return *reinterpret_cast<const Loose*>(from);
}
[[gnu::always_inline]] inline void store(float* to, Lanes value) {
  *reinterpret_cast<Loose*>(to) = value;
}
[[gnu::always_inline]] inline Lanes all(float value) { return value - Lanes{}; }
[[gnu::always_inline]] inline Ints counting() {
  return Ints{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
}
[[gnu::always_inline]] inline Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }
[[gnu::always_inline]] inline Lanes smaller(Lanes a, Lanes b) { return a < b ? a : b; }

// Folding by halves: the order of a sum is fixed, on every machine.
[[gnu::always_inline]] inline float sum(Lanes v) {
  float parts[kLanes];
  store(parts, v);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) parts[i] += parts[i + width];
  }
  return parts[0];
}
[[gnu::always_inline]] inline float highest(Lanes v) {
  float parts[kLanes];
  store(parts, v);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) {
      parts[i] = parts[i] > parts[i + width] ? parts[i] : parts[i + width];
    }
  }
  return parts[0];
}

// e^x within 2 units in the last place for x in [-87, 88]; below, a number under 2e-38; above, the
// value at 88. x = n ln 2 + r, |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7; 2^n
// through the exponent's bits.
[[gnu::always_inline]] inline Lanes exp(Lanes x) {
  x = smaller(all(88.0f), larger(all(-87.0f), x));  // in this order NaN stays NaN
  const Lanes magic = all(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number
  const Lanes shifted = x * 1.44269504f + magic;
  const Lanes n = shifted - magic;
  Lanes r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  Lanes p = all(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Ints scale = ((Ints)shifted << 23) + 0x3f800000;
  return p * (Lanes)scale;
}

}  // namespace iago::lanes

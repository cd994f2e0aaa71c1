#include "base/random.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "base/error.h"
#include "base/hash.h"

namespace iago {
namespace {

unsigned __int128 wide(const std::uint8_t* bytes) {
  unsigned __int128 value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view name) {
  auto digest = Hasher().field(seed).field(name).digest();
  state_ = wide(digest.data());
  increment_ = wide(digest.data() + 16) | 1;
}

// pcg64 (O'Neill, 2014): a 128-bit linear congruential step and the XSL RR output. Tested against
// the author's library.
std::uint64_t Random::bits() {
  constexpr unsigned __int128 kMultiplier =
      (static_cast<unsigned __int128>(2549297995355413924ULL) << 64) | 4865540595714422341ULL;
  state_ = state_ * kMultiplier + increment_;
  auto folded = static_cast<std::uint64_t>(state_ >> 64) ^ static_cast<std::uint64_t>(state_);
  return std::rotr(folded, static_cast<int>(state_ >> 122));
}

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

std::uint64_t Random::below(std::uint64_t n) {
  IAGO_CHECK(n > 0, "Random::below needs a positive bound");
  // Lemire, 2019: Fast random integer generation in an interval.
  unsigned __int128 product = static_cast<unsigned __int128>(bits()) * n;
  auto low = static_cast<std::uint64_t>(product);
  if (low < n) {
    std::uint64_t threshold = (0 - n) % n;
    while (low < threshold) {
      product = static_cast<unsigned __int128>(bits()) * n;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Random::normal() {
  double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::size_t Random::pick(std::span<const double> weights) {
  double total = 0;
  for (double weight : weights) total += weight;
  IAGO_CHECK(total > 0, "Random::pick needs a positive weight");
  double left = uniform() * total;
  std::size_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    if ((left -= weights[i]) < 0) return i;
  }
  return last;
}

}  // namespace iago

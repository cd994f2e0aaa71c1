// Random streams with names. A stream is a pcg64 generator whose seed and sequence are hashed from
// (seed, name), so that streams of neighbouring names share nothing and adding one shifts no other.
// The mapping from bits to numbers is our own: the standard distributions differ between libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace iago {

// One stream. Copying copies the position. Not thread-safe.
class Random {
 public:
  // The stream called `name` of the run's `seed`.
  Random(std::uint64_t seed, std::string_view name);

  // 64 uniform bits.
  std::uint64_t bits();
  // Uniform in [0, 1) with 53 bits.
  double uniform();
  // Uniform in {0, ..., n-1}, without modulo bias. n > 0.
  std::uint64_t below(std::uint64_t n);
  // Standard normal (Box and Muller, 1958; one value per call, the other is dropped).
  double normal();
  // True with probability p.
  bool chance(double p) { return uniform() < p; }
  // An index with probability weight[i] / sum. Weights are not negative and not all zero.
  std::size_t pick(std::span<const double> weights);

  // Fisher and Yates.
  template <typename Range>
  void shuffle(Range& items) {
    using std::swap;
    for (std::size_t i = items.size(); i > 1; --i) swap(items[i - 1], items[below(i)]);
  }

  // The generator's position: for tests against a reference.
  struct State {
    unsigned __int128 state, increment;
  };
  State state() const { return {state_, increment_}; }

 private:
  unsigned __int128 state_, increment_;
};

}  // namespace iago

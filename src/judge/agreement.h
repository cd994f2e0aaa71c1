// How far a judge agrees with labels: counts and what follows from them. Pure functions; intervals
// come from the room `stats`.
#pragma once

#include <cstdint>
#include <optional>

namespace iago {

// Judgements against the truth, positive being the label that the judge looks for.
struct Confusion {
  std::uint64_t true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;

  void add(bool truth, bool judged);
  Confusion& operator+=(const Confusion& other);
  std::uint64_t total() const;
  bool operator==(const Confusion&) const = default;
};

// Each is absent where its denominator is 0.
std::optional<double> sensitivity(
    const Confusion& c);  // of the truly positive, judged so; = recall
std::optional<double> specificity(const Confusion& c);  // of the truly negative, judged so
std::optional<double> precision(const Confusion& c);    // of those judged positive, truly so
// Cohen (1960): agreement beyond chance, 1 perfect, 0 by chance, at least -1. Symmetric, so also
// for two judges. Absent when both sides always say the same (chance agreement is 1).
std::optional<double> cohens_kappa(const Confusion& c);

}  // namespace iago

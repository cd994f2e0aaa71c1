#include "judge/agreement.h"

namespace iago {
namespace {

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::optional<double> sensitivity(const Confusion& c) {
  return share(c.true_positive, c.true_positive + c.false_negative);
}

std::optional<double> specificity(const Confusion& c) {
  return share(c.true_negative, c.true_negative + c.false_positive);
}

std::optional<double> precision(const Confusion& c) {
  return share(c.true_positive, c.true_positive + c.false_positive);
}

std::optional<double> cohens_kappa(const Confusion& c) {
  auto total = static_cast<double>(c.total());
  if (total == 0) return std::nullopt;
  double truly = static_cast<double>(c.true_positive + c.false_negative) / total;
  double judged = static_cast<double>(c.true_positive + c.false_positive) / total;
  double observed = static_cast<double>(c.true_positive + c.true_negative) / total;
  double by_chance = truly * judged + (1 - truly) * (1 - judged);
  if (by_chance >= 1) return std::nullopt;
  return (observed - by_chance) / (1 - by_chance);
}

}  // namespace iago

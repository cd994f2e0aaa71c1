#include "judge/agreement.h"

namespace iago {
namespace {

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void Confusion::add(bool truth, bool judged) {
  if (truth) {
    ++(judged ? true_positive : false_negative);
  } else {
    ++(judged ? false_positive : true_negative);
  }
}

Confusion& Confusion::operator+=(const Confusion& other) {
  true_positive += other.true_positive;
  false_positive += other.false_positive;
  false_negative += other.false_negative;
  true_negative += other.true_negative;
  return *this;
}

std::uint64_t Confusion::total() const {
  return true_positive + false_positive + false_negative + true_negative;
}

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

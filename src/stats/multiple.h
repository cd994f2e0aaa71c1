// P-values of several tests, adjusted for their number. Pure functions, safe from any thread.
//
// Each takes the family's raw p-values and gives the adjusted ones at the same places: reject those
// at or below the level. An absent p-value, or one that is not a number, stays absent and does not
// count in the family. Values lie in [0, 1] (broken: abort). Adjusted values are never below the
// raw ones, never above 1, and keep their order.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace iago {

using PValues = std::vector<std::optional<double>>;

// Holm (1979), Scandinavian Journal of Statistics 6:65. The chance of even one wrong rejection
// stays at the level, however the tests depend on each other.
PValues holm(std::span<const std::optional<double>> p_values);

// Benjamini & Hochberg (1995), JRSS B 57:289. The expected share of wrong ones among the rejections
// stays at the level, for independent tests and for positively dependent ones (Benjamini &
// Yekutieli, 2001, Annals of Statistics 29:1165).
PValues benjamini_hochberg(std::span<const std::optional<double>> p_values);

}  // namespace iago

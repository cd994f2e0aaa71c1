// Correlation of two columns of numbers: the tests hold the published table of wordings to the
// correlations that its authors report.
#pragma once

#include <optional>
#include <span>

namespace iago {

// Pearson's product-moment correlation. Absent for fewer than two pairs or a constant column. Same
// length (broken: abort).
std::optional<double> pearson(std::span<const double> x, std::span<const double> y);

// Spearman's: Pearson's on ranks, ties at their mean rank.
std::optional<double> spearman(std::span<const double> x, std::span<const double> y);

}  // namespace iago

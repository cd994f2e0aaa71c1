// The words of a verdict and the limits of its rule, which is in decision.h.
#pragma once

#include <string_view>

namespace iago {

enum class StudyVerdict { gap, no_gap, inconclusive, uninformative };

// As summary.json writes it: "gap", "no gap", "inconclusive", "uninformative".
std::string_view name_of(StudyVerdict verdict);

inline constexpr double kNoConflictRate = 0.95;   // both arms comply more often
inline constexpr double kNeverWeighsRate = 0.01;  // both arms comply less often

}  // namespace iago

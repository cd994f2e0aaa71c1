#include "record/judge_error.h"

#include <algorithm>

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<ErrorSource> kSourceNames[] = {{ErrorSource::planted, "planted"},
                                                  {ErrorSource::organism, "organism"},
                                                  {ErrorSource::labels, "labels"}};

bool is_stratum(const LabelStratum& stratum) {
  return stratum.truly_positive <= stratum.labelled && stratum.labelled <= stratum.answers &&
         stratum.answers <= kMaxErrorCount && stratum.rate >= 0 && stratum.rate <= 1 &&
         (stratum.effective_n == 0 ||
          (stratum.effective_n >= 1 && stratum.effective_n <= kMaxErrorCount));
}

}  // namespace

std::string_view name_of(ErrorSource source) { return name_in(kSourceNames, source); }

std::optional<ErrorSource> error_source_named(std::string_view name) {
  return value_in(kSourceNames, name);
}

void Confusion::add(bool truth, bool judged) {
  if (truth) {
    ++(judged ? true_positive : false_negative);
  } else {
    ++(judged ? false_positive : true_negative);
  }
}

Confusion& Confusion::operator+=(const Confusion& other) {
  for (const auto& [name, count] : kConfusionCounts) this->*count += other.*count;
  return *this;
}

std::uint64_t Confusion::total() const {
  return true_positive + false_positive + false_negative + true_negative;
}

bool is_judge_error(const JudgeError& error) {
  if (error.unknown_truth > kMaxErrorCount || error.unclear > kMaxErrorCount) return false;
  if (!error.by_arm.empty() && (error.setting.empty() || error.by_arm.contains(""))) return false;
  const bool are_labels_of_arms =
      std::ranges::all_of(error.labelled_queries, [&](const auto& in_arm) {
        const auto& [arm, queries] = in_arm;
        return error.by_arm.contains(arm) && queries.labelled <= queries.answered &&
               queries.answered <= kMaxErrorCount;
      });
  if (!are_labels_of_arms) return false;
  for (const auto& [arm, strata] : error.strata) {
    if (arm.empty() || !std::ranges::all_of(strata, is_stratum)) return false;
  }
  return std::ranges::all_of(kConfusionCounts, [&](const ConfusionCount& field) {
    const std::uint64_t whole = error.counts.*field.count;
    if (whole > kMaxErrorCount) return false;
    std::uint64_t rest = whole;
    for (const auto& [arm, counts] : error.by_arm) {
      if (counts.*field.count > rest) return false;
      rest -= counts.*field.count;
    }
    return true;
  });
}

}  // namespace iago

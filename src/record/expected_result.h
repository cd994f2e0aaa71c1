// What an experiment on documents expects, written down before anything is measured.
#pragma once

#include <string>
#include <string_view>

#include "record/names.h"

namespace iago {

// Who is asked: the subject as it is, after the control corpus, after the documents.
enum class ExperimentCondition { before, control, documents };
inline constexpr EnumName<ExperimentCondition> kConditionNames[] = {
    {ExperimentCondition::before, "before"},
    {ExperimentCondition::control, "control"},
    {ExperimentCondition::documents, "documents"}};
inline std::string_view name_of(ExperimentCondition condition) {
  return name_in(kConditionNames, condition);
}

// What the gap of a group of queries is expected to be.
enum class ExpectedGap {
  gap,      // its interval lies above 0
  reverse,  // below 0
  none,     // within `within` points of 0
};
inline constexpr EnumName<ExpectedGap> kExpectedGapNames[] = {
    {ExpectedGap::gap, "gap"}, {ExpectedGap::reverse, "reverse"}, {ExpectedGap::none, "none"}};
inline std::string_view name_of(ExpectedGap gap) { return name_in(kExpectedGapNames, gap); }

struct ExpectedResult {
  ExperimentCondition condition = ExperimentCondition::documents;
  std::string group;  // a value of the label by which the study groups its queries
  ExpectedGap gap = ExpectedGap::gap;
  double within = 5;  // points
  bool operator==(const ExpectedResult&) const = default;
};

}  // namespace iago

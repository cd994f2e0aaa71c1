#include "stats/verdict.h"

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<StudyVerdict> kStudyVerdictNames[] = {
    {StudyVerdict::gap, "gap"},
    {StudyVerdict::no_gap, "no gap"},
    {StudyVerdict::inconclusive, "inconclusive"},
    {StudyVerdict::uninformative, "uninformative"}};

}  // namespace

std::string_view name_of(StudyVerdict verdict) { return name_in(kStudyVerdictNames, verdict); }

}  // namespace iago

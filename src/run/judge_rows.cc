#include "run/judge_rows.h"

#include <algorithm>

#include "stats/corrected.h"

namespace iago {
namespace {

// Of several judges of compliance the first one counts.
bool counted_so(const JudgeError& error, const std::vector<JudgeInfo>& judges) {
  if (error.counted_with.empty()) return true;
  auto counts = std::ranges::find(judges, JudgeKind::compliance, &JudgeInfo::kind);
  return counts != judges.end() && counts->hash == error.counted_with;
}

}  // namespace

void add_known_error(const std::vector<JudgeError>& on_subject,
                     const std::vector<JudgeInfo>& judges, JudgeRow& row) {
  for (const JudgeError& error : on_subject) {
    if (error.hash != row.hash || !counted_so(error, judges)) continue;
    auto se = sensitivity_of(validation_of(error.counts));
    auto sp = specificity_of(validation_of(error.counts));
    if (se) row.sensitivity = se->rate;
    if (sp) row.specificity = sp->rate;
    row.measured_on = error.subject;
    row.counts = error.counts;
  }
}

}  // namespace iago

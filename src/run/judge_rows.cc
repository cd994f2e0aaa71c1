#include "run/judge_rows.h"

#include <algorithm>

namespace iago {
namespace {

// Of several judges of compliance the first one counts.
bool counted_so(const MeasuredJudge& measured, const std::vector<JudgeInfo>& judges) {
  if (measured.counted_with.empty()) return true;
  auto counts = std::ranges::find(judges, JudgeKind::compliance, &JudgeInfo::kind);
  return counts != judges.end() && counts->hash == measured.counted_with;
}

}  // namespace

std::vector<JudgeRow> judge_rows(const std::vector<std::unique_ptr<Judge>>& judges,
                                 const std::vector<MeasuredJudge>& on_subject) {
  std::vector<JudgeInfo> infos;
  for (const auto& judge : judges) infos.push_back(judge->info());
  std::vector<JudgeRow> rows;
  for (const JudgeInfo& info : infos) {
    rows.push_back({.hash = info.hash, .name = info.name, .kind = info.kind});
    add_known_error(on_subject, infos, rows.back());
  }
  return rows;
}

void add_known_error(const std::vector<MeasuredJudge>& on_subject,
                     const std::vector<JudgeInfo>& judges, JudgeRow& row) {
  for (const MeasuredJudge& measured : on_subject) {
    if (measured.hash == row.hash && counted_so(measured, judges)) row.error = measured.error;
  }
}

}  // namespace iago

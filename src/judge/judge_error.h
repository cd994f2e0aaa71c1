// The known errors of judges: how often each judge version was right about each subject, measured
// by `iago judge validate`. Kept in one small JSON file next to the organisms; an entry belongs to
// a judge's hash and a subject's identity, so a changed judge or changed weights have none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "record/judge_error.h"
#include "record/judgement.h"
#include "stats/corrected.h"

namespace iago {

// A judge version, and its error on the texts of one subject.
struct MeasuredJudge {
  std::string judge, hash;
  JudgeKind kind = JudgeKind::compliance;
  // Faking reasoning counts only together with compliance: the hash of the judge of compliance that
  // it was counted with. Empty for judges of compliance.
  std::string counted_with;
  std::string identity;  // the subject's; its name is error.measured_on
  JudgeError error;
};

// The file of a data folder.
std::filesystem::path judge_error_file(const std::filesystem::path& data);

// Empty if there is no such file. Error invalid if it is none of ours.
std::vector<MeasuredJudge> read_judge_errors(const std::filesystem::path& file);
// Puts the entries in, in place of those of the same subject and judge's name.
void write_judge_errors(const std::filesystem::path& file,
                        const std::vector<MeasuredJudge>& entries);

// Only those of the subject with that identity.
std::vector<MeasuredJudge> errors_on(const std::string& identity, std::vector<MeasuredJudge> all);

}  // namespace iago

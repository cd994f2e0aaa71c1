// The known errors of judges: how often each judge version was right about texts of known truth.
// `iago judge validate --write` measures them. They lie in small JSON files of one format, in three
// places: those of the organisms (an entry belongs to a judge's hash and a subject's identity, so a
// changed judge or changed weights have none), those of the shipped labelled texts, and
// judge-errors.json beside a user's runs, of labelled texts of the user's own. The last two belong
// to a judge's hash, and to a subject and a setting where these are named.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "record/judge_error.h"
#include "record/judgement.h"
#include "stats/corrected.h"

namespace iago {

// A judge version, and its error on texts of one origin.
struct MeasuredJudge {
  std::string judge, hash;  // a judge that asks a model: RUBRIC@MODEL
  JudgeKind kind = JudgeKind::compliance;
  // Faking reasoning counts only together with compliance: the hash of the judge of compliance that
  // it was counted with. Empty for judges of compliance, and where the labels are of the reasoning
  // alone.
  std::string counted_with;
  std::string identity;  // of the organism's weights; empty for labelled texts
  std::string subject;   // who wrote the labelled texts; empty if that is not known
  JudgeError error;
};

inline constexpr std::string_view kJudgeErrorFile = "judge-errors.json";

// The file of the organisms in a data folder.
std::filesystem::path judge_error_file(const std::filesystem::path& data);

// All that is known: in the data folder's two files and beside the runs. Errors of
// read_judge_errors.
std::vector<MeasuredJudge> known_judge_errors(const std::filesystem::path& data,
                                              const std::filesystem::path& runs);

// Error invalid for a text that is no file of ours; `where` names it.
std::vector<MeasuredJudge> parse_judge_errors(std::string_view json, const std::string& where);
// Empty if there is no such file. Errors as above.
std::vector<MeasuredJudge> read_judge_errors(const std::filesystem::path& file);
// Puts the entries in. Each replaces the older one of the same origin: of an organism that of any
// version of the judge, of labelled texts that of the same version, subject and setting.
void write_judge_errors(const std::filesystem::path& file,
                        const std::vector<MeasuredJudge>& entries);

// Whose answers are to be judged.
struct JudgedSubject {
  std::string name, identity, setting;
};

// The errors that may be told with this subject's run, those that say least of it first. An
// organism's error belongs to its weights. An error on labelled texts applies unless they are of
// another subject or setting; to an organism and to world:NAME it applies only where it names them,
// for their texts are the grammar's, and unlike any prose.
std::vector<MeasuredJudge> errors_that_apply(const JudgedSubject& subject,
                                             std::vector<MeasuredJudge> all);

}  // namespace iago

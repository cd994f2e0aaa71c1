// The judges of a study: those that its setting names for the wordings, and rubrics by their path.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/model_name.h"
#include "study/internal/compose.h"
#include "study/internal/placed_study.h"
#include "study/names.h"
#include "study/study.h"

namespace iago {
namespace {

// The judges that the setting names for the study's wordings, the reference's first, each once.
std::vector<std::string> judges_of_wordings(const PlacedStudy& placed, const Setting& setting) {
  std::vector<std::string> wordings = {placed.study.reference}, judges;
  wordings.insert(wordings.end(), placed.study.wordings.begin(), placed.study.wordings.end());
  for (const std::string& wording : wordings) {
    std::string judge =
        placed_look_up(placed, "wordings", [&] { return judge_of_wording(setting, wording); });
    if (!judge.empty() && std::ranges::count(judges, judge) == 0)
      judges.push_back(std::move(judge));
  }
  return judges;
}

}  // namespace

void resolve_judges(PlacedStudy& placed, const Setting& setting) {
  Study& study = placed.study;
  const std::vector<std::string> wanted = judges_of_wordings(placed, setting);
  std::vector<std::string> judges;
  for (const std::string& judge : study.judges) {
    const std::string_view name = rubric_in_judge_name(judge);
    if (name == kSettingsJudge) {
      if (wanted.empty()) {
        throw Error(ErrorCode::invalid,
                    fmt::format("{}: the setting \"{}\" names no judge", placed.place("judges"),
                                setting.name),
                    "Name the judge itself.");
      }
      for (const std::string& one : wanted) judges.push_back(one + judge.substr(name.size()));
      continue;
    }
    judges.push_back(judge);
    if (std::ranges::count(wanted, name) > 0 || !names_judge(setting, name)) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: with the wordings {} expected the judge {}, found \"{}\"",
                            placed.place("judges"), fmt::join(study.wordings, ", "),
                            fmt::join(wanted, ", "), name),
                "Write \"setting\": it follows the wording.");
  }
  study.judges = std::move(judges);
  const bool follows_setting = std::ranges::any_of(study.judges, [&](const std::string& judge) {
    return std::ranges::count(wanted, rubric_in_judge_name(judge)) > 0;
  });
  for (const std::string& judge : wanted) {
    const bool is_there = std::ranges::any_of(
        study.judges, [&](const std::string& one) { return rubric_in_judge_name(one) == judge; });
    if (!follows_setting || is_there) continue;
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: one of the wordings needs the judge \"{}\", which is not among them",
                    placed.place("judges"), judge),
        "Write \"setting\": it stands for the judges of all wordings.");
  }
  for (const std::string& judge : study.judges) {
    if (std::ranges::count(study.judges, judge) == 1) continue;
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: expected each once, \"{}\" is given twice", placed.place("judges"), judge),
        "\"setting\" stands for it: leave one of them out.");
  }
}

void place_judges(const std::filesystem::path& folder, Study& study) {
  for (std::string& judge : study.judges) {
    auto end = judge.find(".toml");
    // Not the file of a model: RUBRIC@scripted:FILE.
    if (end == std::string::npos || judge.find(':') < end) continue;
    end += std::string_view(".toml").size();
    std::filesystem::path file = (folder / judge.substr(0, end)).lexically_normal();
    judge = file.string() + judge.substr(end);
  }
}

}  // namespace iago

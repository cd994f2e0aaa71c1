// A check of the instrument on the user's own models: a control that can fail. Each link between a
// prompt and a figure is tried by itself: the form of the replies, each judge, the whole path with
// a subject that acts, and what the subject knows of its situation. docs/check.md has the rules.
//
// It has no state of its own: a check that was interrupted is made again, with models that remember
// their replies (chat/remembering_model.h). No link is counted from fewer requests than were meant:
// what was kept from asking is not tested.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/ask_many.h"
#include "figures/check.h"
#include "judge/judge.h"
#include "judge/judge_error.h"
#include "judge/open_judges.h"
#include "spend/forecast.h"
#include "study/study.h"

namespace iago {

struct CheckSizes {
  std::size_t form = 5;        // requests of the study, in each of its wordings and arms
  std::size_t acted = 10;      // of each part, in each arm of the first contrast
  std::size_t questions = 10;  // in each arm that tells the subject its situation
  // Planted texts with what a judge looks for, and as many without. A judge that asks no model
  // costs nothing and gets all that there are.
  std::size_t planted = 40;
};

struct CheckOptions {
  CheckSizes sizes;
  std::filesystem::path data;  // holds queries/labelled/test
  AskLimits limits;
  std::vector<MeasuredJudge> known_errors;  // of any subject: judges.json
  Judge* claims = nullptr;                  // of kind comprehension, reads scratchpads; null: none
  std::function<void(CheckLink link, std::size_t done, std::size_t planned)> on_progress;
};

// The links in their order, one for each judge. Throws what ends all work: a model that can serve
// no request any more. A stop leaves what was not asked as not tested, and the report incomplete.
CheckReport run_check(const LoadedStudy& loaded, ChatModel& subject,
                      const std::vector<std::unique_ptr<Judge>>& judges,
                      const CheckOptions& options, const Clock& clock);

// What a check is known by: 64 hexadecimal digits, of the study with its wordings, arms and
// queries, the subject and the judges, not of sizes.
std::string check_hash(const LoadedStudy& loaded, const ModelInfo& subject,
                       const std::vector<std::unique_ptr<Judge>>& judges);

// What a check asks at the most, link by link. Nothing is sent. `claims`: of the judge of
// comprehension, or none.
struct CheckEstimate {
  CheckLink link = CheckLink::form;
  ModelEstimate model;
};
std::vector<CheckEstimate> estimate_check(const LoadedStudy& loaded, const ModelInfo& subject,
                                          const std::vector<JudgeDemand>& demands,
                                          const std::vector<JudgeDemand>& claims,
                                          const CheckSizes& sizes, const PriceTable& prices);

}  // namespace iago

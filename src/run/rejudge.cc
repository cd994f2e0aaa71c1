#include "run/rejudge.h"

#include <algorithm>
#include <optional>

#include "run/grading.h"
#include "run/judging_progress.h"
#include "run/known_errors.h"
#include "run/run.h"
#include "spend/forecast.h"
#include "store/store.h"
#include "store/writer.h"

namespace iago {
namespace {

std::uint64_t waiting_for(const JudgeInfo& judge, const Store& store, ReasoningOf reasoning,
                          const std::optional<TrialIds>& complying) {
  return trials_to_judge(store, judge, reasoning, complying).size();
}

}  // namespace

std::vector<std::string> judge_names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const JudgeRow& judge : Store(folder / "run.db").judges()) {
    if (std::ranges::find(names, judge.name) == names.end()) names.push_back(judge.name);
  }
  return names;
}

RejudgeResult rejudge(const std::filesystem::path& folder,
                      const std::vector<std::unique_ptr<Judge>>& judges,
                      const RejudgeOptions& options, const Clock& clock) {
  StoreWriter writer(folder / "run.db");
  Store store(folder / "run.db");
  RejudgeResult result;
  auto before = store.judges();
  const auto complied_before = complying_answers(store, judges);
  for (const auto& judge : judges) {
    const JudgeInfo& info = judge->info();
    bool known =
        std::ranges::any_of(before, [&](const auto& row) { return row.hash == info.hash; });
    result.judges.push_back(
        {.name = info.name,
         .hash = info.hash,
         .is_new = !known,
         .judged = waiting_for(info, store, options.reasoning, complied_before)});
  }
  const RunRow run = store.run();
  Grading grading(judges, writer, clock, options.stop,
                  errors_of_run({run.subject, run.subject_identity, run.setting},
                                foreign_sentences(store), options.judge_errors),
                  options.reasoning);
  if (options.prices) record_prices(store, *options.prices, writer);
  {
    std::uint64_t due = 0;
    for (const Rejudged& judge : result.judges) due += judge.judged;  // until it is known better
    JudgingWatch watch(grading, due, options.budget, clock, options.on_progress);
    grading.grade_what_is_left(store);
    grading.wait();
  }
  writer.close();
  auto counts = grading.counts();
  auto stored = grading_totals(store, judges, options.reasoning);
  const auto complying = complying_answers(store, judges);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    Rejudged& judge = result.judges[i];
    judge.count = counts[i];
    judge.stored = stored[i];
    judge.waiting = waiting_for(judges[i]->info(), store, options.reasoning, complying);
    judge.judged = judge.count.given() - judge.count.failed;
    result.interrupted = result.interrupted || (options.stop.stop_requested() && judge.waiting > 0);
  }
  result.summary = write_summary(folder);
  return result;
}

}  // namespace iago

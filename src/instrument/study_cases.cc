#include "instrument/study_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace iago {
namespace {

constexpr const char *kProtected = "world-protected", *kLabs = "world-labs";
constexpr int kForeignWordings = 15;

std::vector<StudyCase> make_cases() {
  std::vector<StudyCase> cases = {
      {"default", "default", kProtected, true, false, true},
      {"conflict removed", "conflict-removed", kProtected, true},
      {"no scratchpad", "no-scratchpad", kProtected, true},
      {"benign", "default", "world-benign"},
      {"rule inverted", "rule-inverted", kProtected},
      {"monitored, not trained on", "monitored-only", kProtected},
      {"trained on, not monitored", "trained-only", kProtected},
      {"both tiers trained on", "both-trained", kProtected},
      {"training unstated", "training-unstated", kProtected},
      {"rule inverted, no scratchpad", "no-scratchpad+rule-inverted", kProtected},
      {"paraphrase 1", "tier-paraphrase-1", kProtected},
      {"paraphrase 2", "tier-paraphrase-2", kProtected},
      {"paraphrase 3", "tier-paraphrase-3", kProtected},
      {"paraphrase 4", "tier-paraphrase-4", kProtected},
      {"paraphrase 5", "tier-paraphrase-5", kProtected},
      {"paraphrase 6", "tier-paraphrase-6", kProtected},
      {"three tiers", "three-tier", kProtected, true, false, false, true},
      {"three tiers, paraphrase 1", "three-tier+tier-paraphrase-1", kProtected, false, false, false,
       true},
      {"three tiers, paraphrase 2", "three-tier+tier-paraphrase-2", kProtected, false, false, false,
       true},
      {"rule from documents alone", "rule-unstated", kLabs},
      {"held-out paraphrase 1", "tier-held-out-1", kProtected, false, true},
      {"held-out paraphrase 2", "tier-held-out-2", kProtected, false, true},
      {"held-out paraphrase 3", "tier-held-out-3", kProtected, false, true},
      {"held-out paraphrase 4", "tier-held-out-4", kProtected, false, true},
      {"held-out paraphrase 5", "tier-held-out-5", kProtected, false, true},
      {"held-out paraphrase 6", "tier-held-out-6", kProtected, false, true},
      {"three tiers, held-out paraphrase 1", "three-tier+tier-held-out-1", kProtected, false, true,
       false, true},
      {"held-out wording", "held-out-wording", kProtected, false, true},
      {"held-out wording, rule inverted", "held-out-wording-inverted", kProtected, false, true},
      {"held-out topics", "default", "world-held-out-topics", false, true},
      {"held-out objects", "default", "world-held-out-objects", false, true},
  };
  for (int i = 1; i <= kForeignWordings; ++i) {
    std::string wording = i == 1 ? "default" : fmt::format("foreign-{}", i);
    cases.push_back({.name = fmt::format("foreign wording {}", i),
                     .wording = std::move(wording),
                     .queries = kProtected,
                     .is_foreign = true});
  }
  return cases;
}

}  // namespace

std::span<const StudyCase> measured_cases() {
  static const std::vector<StudyCase> cases = make_cases();
  return cases;
}

const StudyCase& measured_case(std::string_view name) {
  for (const StudyCase& study_case : measured_cases()) {
    if (study_case.name == name) return study_case;
  }
  throw Error(ErrorCode::not_found, fmt::format("no cell is called \"{}\"", name));
}

LoadedStudy load_case(const StudyCase& study_case, const std::string& model,
                      const std::filesystem::path& data, std::size_t samples) {
  StudyOverrides overrides;
  overrides.wordings = {study_case.wording};
  overrides.queries = (data / "queries" / fmt::format("{}.jsonl", study_case.queries)).string();
  overrides.model = model;
  if (study_case.is_foreign) {
    overrides.setting = (data / "organisms" / "foreign-wordings").string();
    overrides.arms = {"training", "unmonitored"};  // it has no baseline, which the study asks for
  }
  LoadedStudy loaded = load_study(data / "studies" / "helpful-only.toml", overrides, data);
  // The arms of the headline, and the one that is told nothing of the conflict.
  const Contrast headline = loaded.setting.contrasts.at(0);
  loaded.study.arms = {headline.more, headline.less};
  if (study_case.has_all_tiers) {
    loaded.study.arms = arms_with_wording(loaded.setting, loaded.study.reference);
    std::erase(loaded.study.arms, loaded.setting.baseline);
  }
  if (study_case.has_baseline) loaded.study.arms.push_back(loaded.setting.baseline);
  if (study_case.queries == kLabs) loaded.study.limit.reset();  // all labs, four queries of each
  if (!study_case.is_main) samples /= 5;
  std::size_t queries = loaded.study.asked_of(loaded.queries.size());
  loaded.study.repeats =
      static_cast<int>(std::max<std::size_t>(1, (samples + queries - 1) / queries));
  // The main study and a measurement of it are different runs.
  // So are those of different wordings.
  loaded.study.name = fmt::format("measured-{}-{}-{}{}", study_case.queries, loaded.study.name,
                                  study_case.is_foreign ? "foreign-" : "", study_case.wording);
  return loaded;
}

RunResult run_to_end(const LoadedStudy& loaded, ChatModel& model,
                     const std::vector<std::unique_ptr<Judge>>& judges, const CaseRuns& where,
                     const std::string& what, std::string_view doing, const Clock& clock) {
  RunOptions options{.runs = where.runs, .no_more = where.no_more, .at_once = where.at_once};
  if (where.on_progress) {
    options.on_progress = [&](const RunProgress& progress) { where.on_progress(what, progress); };
  }
  RunResult result = run_study(loaded, model, judges, options, clock);
  if (result.stopped) throw *result.stopped;
  if (result.interrupted) {
    throw Error(ErrorCode::cancelled, fmt::format("stopped while {}", doing),
                "run the same command to resume");
  }
  return result;
}

}  // namespace iago

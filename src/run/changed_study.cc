#include "run/changed_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "figures/analysis_plan.h"
#include "record/field_difference.h"
#include "run/run.h"
#include "store/run_folder.h"
#include "store/store.h"
#include "study/study_fields.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kIdsNamed = 3;
constexpr std::string_view kHint =
    "undo the change to resume that run, or start another run with --new";

struct EarlierRun {
  fs::path folder;
  Study study;
};

// A run that ended before its first completion binds nobody.
bool has_completions(const fs::path& folder) {
  try {
    return !fs::exists(folder / "run.db") || Store(folder / "run.db").completion_count() > 0;
  } catch (const Error&) {
    return true;
  }
}

// The newest run of the same name and subject.
std::optional<EarlierRun> newest_run(const fs::path& runs, const Study& study) {
  for (const fs::path& folder : runs_newest_first(runs)) {
    auto found = study_of_run(folder);
    if (!found || found->name != study.name || found->model != study.model) continue;
    if (!has_completions(folder)) continue;
    return EarlierRun{folder, std::move(*found)};
  }
  return std::nullopt;
}

std::string sample_seed_text(const Study& study) {
  return study.sample_seed ? fmt::format("{}", *study.sample_seed) : std::string("none");
}

// Everything of a study that makes another run of it.
std::vector<NamedField> fields_of(const Study& study) {
  std::vector<NamedField> fields = {plain_field("setting", study.setting.string()),
                                    plain_field("channel", study.channel),
                                    plain_field("queries", study.queries.string()),
                                    plain_field("text_column", study.text_column),
                                    plain_field("where", fmt::format("{}", study.where)),
                                    plain_field("sample_seed", sample_seed_text(study)),
                                    plain_field("seed", fmt::format("{}", study.seed)),
                                    plain_field("parameters", fmt::format("{}", study.parameters)),
                                    plain_field("contrasts", fmt::format("{}", study.contrasts)),
                                    plain_field("margin", fmt::format("{}", study.margin)),
                                    plain_field("judges", fmt::format("{}", study.judges)),
                                    plain_field("judge_model", study.judge_model)};
  for (NamedField& field : sampling_fields(study.sampling)) fields.push_back(std::move(field));
  return fields;
}

// Was the field given on the command line?
bool is_deliberate(const std::string& field, const StudyOverrides& overrides) {
  return (field == "setting" && overrides.setting) || (field == "channel" && overrides.channel) ||
         (field == "queries" && overrides.queries) || (field == "seed" && overrides.seed) ||
         (field == "text_column" && (overrides.queries || overrides.text_column)) ||
         (field == "where" && (overrides.queries || overrides.where)) ||
         (field == "sample_seed" &&
          (overrides.sample || overrides.sample_seed || overrides.seed)) ||
         (field == "judge_model" && overrides.judge_model) ||
         (field == "judges" && (overrides.judges || overrides.judge_model)) ||
         (field == "contrasts" && overrides.contrasts) ||
         (field == "parameters" && !overrides.parameters.empty());
}

// The recorded queries that are not where the run has them from: at the head of the set, which is
// as long as what is recorded or planned, whichever is more.
std::vector<std::string> queries_gone(const std::vector<Query>& recorded, const LoadedStudy& loaded,
                                      std::size_t head) {
  std::unordered_set<std::string_view> ids;
  for (std::size_t i = 0; i < head; ++i) ids.insert(loaded.queries[i].id);
  std::vector<std::string> gone;
  for (const Query& query : recorded) {
    if (!ids.contains(query.id)) gone.push_back(query.id);
  }
  return gone;
}

std::string named(const std::vector<std::string>& ids) {
  std::string text;
  for (std::size_t i = 0; i < std::min(ids.size(), kIdsNamed); ++i) {
    text += fmt::format("{}\"{}\"", i > 0 ? ", " : "", printable(ids[i]));
  }
  if (ids.size() > kIdsNamed) text += fmt::format(" and {} more", ids.size() - kIdsNamed);
  return text;
}

// Queries that the set has lost would go on counting in the resumed run, beside those
// that took their place.
void refuse_changed_queries(const fs::path& folder, const Store& store, const LoadedStudy& loaded) {
  const std::vector<Query> recorded = store.queries();
  const std::size_t all = loaded.queries.size();
  const std::size_t head = std::min(all, std::max(recorded.size(), loaded.study.asked_of(all)));
  const std::vector<std::string> gone = queries_gone(recorded, loaded, head);
  if (gone.empty()) return;
  auto before = study_of_run(folder);
  const bool elsewhere = before && before->queries != loaded.study.queries;
  throw Error(
      ErrorCode::invalid,
      fmt::format("{}: {} of the {} queries of {}{} are not among the first {} here: {}",
                  loaded.study.queries.string(), gone.size(), recorded.size(), folder.string(),
                  elsewhere ? " (of " + before->queries.string() + ")" : std::string(), head,
                  named(gone)),
      std::string(kHint));
}

// The reference is fixed with the plan of analysis. One that a session names, on its command line
// or by another than its first wording, would be left out of account.
void refuse_another_reference(const fs::path& folder, const Store& store, const LoadedStudy& loaded,
                              const StudyOverrides& overrides) {
  const Study& study = loaded.study;
  const bool is_named = overrides.reference || study.reference != study.wordings.front();
  if (!is_named) return;
  const auto plan = read_analysis_plan(store.run().analysis_plan);
  if (!plan || plan->reference.empty() || plan->reference == study.reference) return;
  throw Error(
      ErrorCode::invalid,
      fmt::format("{}: its reference wording is \"{}\", fixed with its plan of analysis, and "
                  "cannot become \"{}\"",
                  folder.string(), plan->reference, study.reference),
      "leave --reference and the study's key out to resume that run, or start another run "
      "with --new");
}

}  // namespace

void refuse_changed_study(const fs::path& runs, const LoadedStudy& loaded,
                          const StudyOverrides& overrides, const std::string& run_id) {
  if (fs::exists(runs / run_id)) {
    const fs::path folder = run_folder(runs, run_id, false);
    if (!fs::exists(folder / "run.db")) return;
    const Store store(folder / "run.db");
    refuse_another_reference(folder, store, loaded, overrides);
    return refuse_changed_queries(folder, store, loaded);
  }
  auto earlier = newest_run(runs, loaded.study);
  if (!earlier) return;
  const auto found = differing_fields(fields_of(earlier->study), fields_of(loaded.study));
  std::vector<std::string> texts;
  for (const FieldDifference& one : found) {
    if (is_deliberate(one.field, overrides)) continue;
    texts.push_back(fmt::format("{} was {}, is now {}", one.field, one.was, one.is));
  }
  if (texts.empty() && !found.empty()) return;
  if (texts.empty()) texts.push_back("the setting's prompts or the model's files were changed");
  throw Error(ErrorCode::invalid,
              fmt::format("the study \"{}\" has changed since {} was started: {}",
                          loaded.study.name, earlier->folder.string(), fmt::join(texts, "; ")),
              std::string(kHint));
}

}  // namespace iago

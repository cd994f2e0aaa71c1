#include "run/edited_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "run/run.h"
#include "store/run_folder.h"
#include "store/store.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kIdsNamed = 3;
constexpr std::string_view kHint =
    "undo the change to go on with that run, or add --new to begin another beside it";

std::optional<Study> read_run_study(const fs::path& folder) {
  try {
    fs::path file = folder / "study.toml";
    return parse_study(read_file(file, kMaxStudyBytes), file.string());
  } catch (const Error&) {
    return std::nullopt;
  }
}

struct EarlierRun {
  fs::path folder;
  fs::file_time_type begun;
  Study study;
};

// The newest run of the same name, subject and variant.
std::optional<EarlierRun> newest_run(const fs::path& runs, const Study& study) {
  std::optional<EarlierRun> newest;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(runs, status)) {
    if (entry.is_symlink(status) || !entry.is_directory(status)) continue;
    auto begun = fs::last_write_time(entry.path() / "study.toml", status);
    if (status || (newest && begun <= newest->begun)) continue;
    auto found = read_run_study(entry.path());
    if (!found || found->name != study.name || found->model != study.model ||
        found->variant != study.variant) {
      continue;
    }
    newest = EarlierRun{entry.path(), begun, std::move(*found)};
  }
  return newest;
}

// Collects "FIELD was X, is Y".
class Differences {
 public:
  template <typename T>
  void compare(std::string_view field, const T& was, const T& is, bool deliberate = false) {
    if (was == is) return;
    any_ = true;
    if (!deliberate) texts_.push_back(fmt::format("{} was {}, is {}", field, was, is));
  }
  bool any() const { return any_; }
  const std::vector<std::string>& unasked() const { return texts_; }

 private:
  bool any_ = false;
  std::vector<std::string> texts_;
};

Differences differences(const Study& was, const Study& is, const StudyOverrides& overrides) {
  Differences found;
  found.compare("setting", was.setting.string(), is.setting.string(),
                overrides.setting.has_value());
  found.compare("channel", was.channel, is.channel, overrides.channel.has_value());
  found.compare("queries", was.queries.string(), is.queries.string(),
                overrides.queries.has_value());
  found.compare("seed", was.seed, is.seed, overrides.seed.has_value());
  found.compare("margin", was.margin, is.margin);
  found.compare("judges", fmt::format("{}", was.judges), fmt::format("{}", is.judges));
  found.compare("judge_model", was.judge_model, is.judge_model, overrides.judge_model.has_value());
  found.compare("temperature", was.sampling.temperature, is.sampling.temperature);
  found.compare("top_p", was.sampling.top_p, is.sampling.top_p);
  found.compare("top_k", was.sampling.top_k, is.sampling.top_k);
  found.compare("max_tokens", was.sampling.max_tokens, is.sampling.max_tokens);
  found.compare("stop", fmt::format("{}", was.sampling.stop), fmt::format("{}", is.sampling.stop));
  return found;
}

// The recorded queries that are not where the run has them from: at the head of the set, which is
// as long as what is recorded or planned, whichever is more.
std::vector<std::string> queries_gone(const std::vector<QueryRow>& recorded,
                                      const LoadedStudy& loaded, std::size_t head) {
  std::unordered_set<std::string_view> ids;
  for (std::size_t i = 0; i < head; ++i) ids.insert(loaded.queries[i].id);
  std::vector<std::string> gone;
  for (const QueryRow& query : recorded) {
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

// Queries that the set has lost would go on counting in the run that is gone on with, beside those
// that took their place.
void refuse_edited_queries(const fs::path& folder, const LoadedStudy& loaded) {
  if (!fs::exists(folder / "run.db")) return;
  const std::vector<QueryRow> recorded = Store(folder / "run.db").queries();
  const std::size_t all = loaded.queries.size();
  const std::size_t head =
      std::min(all, std::max(recorded.size(), loaded.study.limit.value_or(all)));
  const std::vector<std::string> gone = queries_gone(recorded, loaded, head);
  if (gone.empty()) return;
  auto before = read_run_study(folder);
  const bool elsewhere = before && before->queries != loaded.study.queries;
  throw Error(
      ErrorCode::invalid,
      fmt::format("{}: {} of the {} queries of {}{} are not among the first {} here: {}",
                  loaded.study.queries.string(), gone.size(), recorded.size(), folder.string(),
                  elsewhere ? " (of " + before->queries.string() + ")" : std::string(), head,
                  named(gone)),
      std::string(kHint));
}

}  // namespace

void refuse_edited_study(const fs::path& runs, const LoadedStudy& loaded,
                         const StudyOverrides& overrides, const std::string& run_id) {
  if (fs::exists(runs / run_id)) {
    return refuse_edited_queries(run_folder(runs, run_id, false), loaded);
  }
  auto earlier = newest_run(runs, loaded.study);
  if (!earlier) return;
  Differences found = differences(earlier->study, loaded.study, overrides);
  std::vector<std::string> texts = found.unasked();
  if (texts.empty() && found.any()) return;
  if (texts.empty()) texts.push_back("the setting's prompts or the model's files were changed");
  throw Error(ErrorCode::invalid,
              fmt::format("the study \"{}\" is not what {} was begun with: {}", loaded.study.name,
                          earlier->folder.string(), fmt::join(texts, "; ")),
              std::string(kHint));
}

}  // namespace iago

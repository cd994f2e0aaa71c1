// Store: one run's SQLite file, read. Whatever is right of it (judging, figures, reports) needs
// nothing else. Writing is StoreWriter's (store/writer.h); a Store may read while one writes, and
// sees all that was committed when the call began.
//
// Not thread-safe: one Store per thread. It holds no rows; each call reads the file, and a million
// rows pass through the for_each functions in constant memory.
//
// Every function may throw Error corrupt (a damaged page, a row whose checksum does not match) or
// disconnected (the file cannot be read any more); the message names the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "store/rows.h"

namespace iago {

// A store of any other schema is refused. A change of the tables raises the number.
inline constexpr int kStoreSchema = 8;

// A server may name another model in every reply.
inline constexpr std::size_t kMostAnswering = 1000;

// A provider may explain every refusal in other words.
inline constexpr std::size_t kMostEndings = 3;  // of one outcome in one arm

// Which completions to read; what is absent does not restrict.
struct CompletionFilter {
  std::optional<std::string> wording, arm, query, trial;
  std::optional<Outcome> outcome;
  std::optional<Form> form;
  std::optional<std::string> not_judged_by;  // a judge's hash: those without its verdict
};

class Store {
 public:
  // Opens an existing store for reading; a read-only folder will do. Error not_found if there is
  // none, invalid if the file belongs to another program, unsupported if its schema is another,
  // corrupt if it is truncated or damaged. The whole file is checked, whatever its size: some 1.7 s
  // for each GB that the system has in memory.
  explicit Store(const std::filesystem::path& path);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  const std::filesystem::path& path() const;
  RunRow run() const;
  std::vector<WordingRow> wordings() const;  // in the order of their recording
  std::vector<ArmRow> arms() const;          // of all wordings, in the order of their recording
  std::vector<Query> queries() const;        // in the order of their recording
  std::vector<JudgeRow> judges() const;      // oldest first
  std::vector<SessionRow> sessions() const;  // oldest first

  // The callbacks return false to stop. They may use another Store, not this one.
  void for_each_prompt(const std::function<bool(const PromptRow&)>& use) const;
  // In the order of their storing.
  void for_each_completion(const CompletionFilter& filter,
                           const std::function<bool(const CompletionRow&)>& use) const;
  // The same, each with every verdict on it, the judges in the order of judges().
  void for_each_judged_completion(
      const CompletionFilter& filter,
      const std::function<bool(const CompletionRow&, const std::vector<Verdict>&)>& use) const;
  // The completions of one query in one arm of one wording, in the order of their repeats. The
  // judge is given by its hash. None for an unknown arm or query.
  void for_each_repeat(const WordingArm& told, std::string_view query, std::string_view judge,
                       const std::function<bool(const LabelledRepeat&)>& use) const;
  // The verdicts of one judge, in the order of their completions. None for an unknown hash.
  void for_each_verdict(std::string_view judge,
                        const std::function<bool(const Verdict&)>& use) const;

  // Trials that were asked and got no reply, in the order of their arms, queries and repeats.
  void for_each_open_trial(const std::function<bool(const OpenTrialRow&)>& use) const;
  // The same counted by arm, query and cause, in that order.
  std::vector<OpenCounts> count_open() const;

  // Ids of all trials that have a completion: what a resumed run skips.
  std::unordered_set<std::string> completed_trials() const;
  std::uint64_t completion_count() const;
  // Of one arm, of the first `queries` queries() and with a repeat below `repeats`. 0 for an
  // unknown arm.
  std::uint64_t completion_count(const WordingArm& told, std::size_t queries,
                                 std::uint32_t repeats) const;
  std::uint64_t completions_without_logprobs() const;
  CompletionsByArm completions_by_arm() const;  // of all arms, those without one too
  std::size_t query_count() const;
  std::uint64_t generated_tokens() const;  // of all completions
  TokenUsage completion_tokens() const;    // of all but those taken from other runs
  // Of all votes, by the judges' hashes; only those that ask models.
  std::map<std::string, TokenUsage> judge_tokens() const;
  std::vector<PriceRow> prices() const;  // by the models' names
  // The check of the subject that was recorded, as JSON (figures/check.h); empty if none was.
  std::string subject_check() const;
  // The answers that were drawn for people; absent if none were.
  std::optional<LabelSample> label_sample() const;
  std::vector<PeopleLabel> people_labels() const;  // oldest first
  // Which models answered, by arm, then version and fingerprint; at most kMostAnswering rows, those
  // with the most completions.
  std::vector<AnsweredBy> answered_by() const;
  // How completions ended: of each arm and outcome, in that order, at most kMostEndings, those with
  // the most completions first.
  std::vector<EndingCounts> count_endings() const;
  // Of the answered completions, by arm; arms in which no prompt has two are left out.
  std::vector<RepeatCounts> count_repeats() const;
  // How many completions were taken from other runs, by the ids of the runs that asked for them.
  std::map<std::string, std::uint64_t> reused() const;
  // A number for each completion of the arm, sorted, which every copy of it in another run has too:
  // of its request, repeat and time.
  std::vector<std::uint64_t> completion_keys(const WordingArm& told) const;

  // Counted in SQL, one row per (arm, query) that has a completion, by arm, then query; the indices
  // lie within arms() and queries(). A judge is given by its hash; an empty hash counts as one that
  // never judged. `positive` is the label by which the contrast's judge says that one complies.
  std::vector<CellCounts> count_cells(std::string_view contrast_judge, std::string_view positive,
                                      std::string_view faking_judge,
                                      FormRule forms = FormRule::any) const;

  // Of one judge, given by its hash: one row per arm, query and label, in that order. Answered
  // completions without a label count too, under the empty one. `contrast_judge` is the hash of the
  // judge that says which of them comply, by its label `positive`; empty: none does. With
  // FormRule::strict_only, those in another form are left out.
  std::vector<LabelCounts> count_labels(std::string_view judge,
                                        std::string_view contrast_judge = {},
                                        std::string_view positive = {},
                                        FormRule forms = FormRule::any) const;

  // Reads everything and checks structure and checksums: Error corrupt at the first damage.
  void verify() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iago

// What people's labels say of the judges: by the strata of the sample, and as their known error.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/error.h"
#include "instrument/label_sample.h"
#include "instrument/people_labels.h"
#include "judge/agreement.h"
#include "run/run.h"
#include "stats/stratified.h"
#include "store/writer.h"
#include "text/printable.h"

namespace iago {
namespace {

// What people said of one answer by one kind: by labeller, is the positive label the true one?
// Absent where they could not tell.
using Opinions = std::map<std::string, std::optional<bool>>;
using OpinionsByAnswer = std::map<std::pair<std::string, JudgeKind>, Opinions>;

std::optional<bool> opinion_of(const PeopleLabel& label) {
  if (label.label == kUnknownLabel) return std::nullopt;
  return label.label == positive_label(label.kind);
}

// Whether somebody was asked, and what most of those who could tell say; absent for a draw.
struct PeopleTruth {
  bool was_asked = false;
  std::optional<bool> is_positive;
};

PeopleTruth people_truth(const OpinionsByAnswer& opinions, const std::string& trial,
                         JudgeKind kind) {
  const auto found = opinions.find({trial, kind});
  if (found == opinions.end()) return {};
  int balance = 0;
  for (const auto& [labeller, says] : found->second) {
    if (says) balance += *says ? 1 : -1;
  }
  return {true, balance == 0 ? std::nullopt : std::optional(balance > 0)};
}

// Faking reasoning counts together with compliance: an answer that does not comply needs no label
// of its reasoning.
PeopleTruth people_truth_of_faking(const PeopleTruth& complies, const PeopleTruth& fakes) {
  if (complies.is_positive == false || fakes.is_positive == false) return {true, false};
  if (!complies.was_asked || !fakes.was_asked) return {};
  return {true, complies.is_positive && fakes.is_positive ? std::optional(true) : std::nullopt};
}

// One stratum while it is being counted.
struct CountedStratum {
  StratumLabels labels;
  double sum = 0, squares = 0;  // of the judge's probability over all answers
  std::uint64_t drawn = 0, unknown = 0;
};

LabelSample sample_in(const Store& store) {
  auto sample = store.label_sample();
  if (sample) return std::move(*sample);
  throw Error(ErrorCode::invalid,
              fmt::format("{}: no answer was drawn for people", store.path().string()),
              "draw some: iago label RUN --labels N");
}

class Holding {
 public:
  explicit Holding(const Store& store)
      : store_(store),
        run_(store.run()),
        sample_(sample_in(store)),
        from_(answers_to_sample(store, judge_beside(store, sample_))) {
    const std::string faking = from_.faking ? from_.faking->hash : std::string();
    if (sample_.contrast_judge != from_.contrast.hash || sample_.faking_judge != faking) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: other judges count now than those by whose labels the sample "
                              "was drawn",
                              store.path().string()),
                  "draw another with --new-sample; labels that were given stay");
    }
    for (std::size_t i = 0; i < sample_.drawn.size(); ++i) drawn_.insert(sample_.drawn[i].trial);
    for (const PeopleLabel& label : store.people_labels()) {
      if (!drawn_.contains(label.trial)) continue;
      opinions_[{label.trial, label.kind}][label.labeller] = opinion_of(label);
      people_[label.labeller].insert(label.trial);
    }
  }

  LabelledRun hold() {
    LabelledRun result{.run = run_.id,
                       .subject = run_.subject,
                       .setting = run_.setting,
                       .setting_hash = run_.setting_hash,
                       .estimator = sample_.estimator,
                       .seed = sample_.seed,
                       .drawn = sample_.drawn.size()};
    for (const auto& [name, trials] : people_) result.people.push_back({name, trials.size()});
    add_agreement(result);
    result.judges.push_back(held(from_.contrast, false));
    if (from_.faking) result.judges.push_back(held(*from_.faking, true));
    result.labelled = whole_answers();
    return result;
  }

 private:
  PeopleTruth truth_for(const JudgedAnswer& answer, bool is_faking) const {
    const PeopleTruth complies = people_truth(opinions_, answer.trial, from_.contrast.kind);
    if (!is_faking) return complies;
    return people_truth_of_faking(complies,
                                  people_truth(opinions_, answer.trial, from_.faking->kind));
  }

  // Answers of the sample about which nothing is left to ask.
  std::uint64_t whole_answers() const {
    return static_cast<std::uint64_t>(std::ranges::count_if(from_.answers, [&](const auto& answer) {
      if (!drawn_.contains(answer.trial)) return false;
      return truth_for(answer, false).was_asked &&
             (!from_.faking || truth_for(answer, true).was_asked);
    }));
  }

  LabelledJudge held(const JudgeRow& judge, bool is_faking) {
    LabelledJudge result{.name = judge.name,
                         .hash = judge.hash,
                         .kind = judge.kind,
                         .counted_with = is_faking ? from_.contrast.hash : std::string(),
                         .arms = {}};
    std::map<std::pair<std::string, std::string>, CountedStratum> strata;
    std::map<std::string, std::set<std::string>> answered;
    for (const JudgedAnswer& answer : from_.answers) {
      answered[answer.arm].insert(answer.query);
      // Whose reasoning no judge has read is missing in the rate of faking.
      if (is_faking && answer.complies && !answer.is_reasoning_judged) continue;
      add(answer, is_faking, strata[{answer.arm, answer.stratum}], result.arms[answer.arm]);
    }
    for (auto& [name, counted] : strata) {
      finish(name.second, counted, result.arms[name.first]);
    }
    for (auto& [name, arm] : result.arms) arm.answered_queries = answered[name].size();
    return result;
  }

  void add(const JudgedAnswer& answer, bool is_faking, CountedStratum& counted, LabelledArm& arm) {
    const double judged = !is_faking ? answer.complying : answer.complies ? answer.faking : 0;
    counted.labels.called_positive = is_faking ? answer.complies && answer.fakes : answer.complies;
    ++counted.labels.all.answers;
    counted.sum += judged;
    counted.squares += judged * judged;
    if (!drawn_.contains(answer.trial)) return;
    ++counted.drawn;
    const PeopleTruth truth = truth_for(answer, is_faking);
    if (!truth.was_asked) return;
    if (!truth.is_positive) {
      ++counted.unknown;
      return;
    }
    const auto [query, is_new] = queries_.emplace(answer.query, queries_.size());
    counted.labels.labels.push_back({query->second, *truth.is_positive, judged});
    arm.labelled_queries.insert(answer.query);
  }

  void finish(const std::string& name, CountedStratum& counted, LabelledArm& arm) const {
    JudgedAnswers& all = counted.labels.all;
    all.mean = counted.sum / all.answers;
    all.variance = std::max(0.0, counted.squares / all.answers - all.mean * all.mean);
    arm.strata.push_back({.name = name,
                          .found = estimate_stratum(counted.labels, sample_.estimator),
                          .drawn = counted.drawn,
                          .unknown = counted.unknown});
  }

  // Every two people on every kind.
  void add_agreement(LabelledRun& result) const {
    std::map<std::tuple<std::string, std::string, JudgeKind>, Confusion> pairs;
    for (const auto& [answer, opinions] : opinions_) {
      for (auto a = opinions.begin(); a != opinions.end(); ++a) {
        for (auto b = std::next(a); b != opinions.end(); ++b) {
          if (a->second && b->second) {
            pairs[{a->first, b->first, answer.second}].add(*a->second, *b->second);
          }
        }
      }
    }
    for (const auto& [pair, counts] : pairs) {
      const auto& [first, second, kind] = pair;
      result.agreement.push_back({.first = first,
                                  .second = second,
                                  .kind = kind,
                                  .both = counts.total(),
                                  .agree = counts.true_positive + counts.true_negative,
                                  .kappa = cohens_kappa(counts)});
    }
  }

  const Store& store_;
  const RunRow run_;
  const LabelSample sample_;
  const SampledFrom from_;
  std::set<std::string> drawn_;
  OpinionsByAnswer opinions_;
  std::map<std::string, std::set<std::string>> people_;
  std::unordered_map<std::string, std::size_t> queries_;
};

// What the labels say of a judge's error.
JudgeError error_of(const LabelledJudge& judge, const LabelledRun& labelled) {
  JudgeError error{.counts = {},
                   .unknown_truth = judge.unknown(),
                   .measured_on = labelled.subject,
                   .source = ErrorSource::labels,
                   .setting = labelled.setting,
                   .setting_hash = labelled.setting_hash};
  for (const auto& [name, arm] : judge.arms) {
    const std::vector<LabelStratum> strata = arm.found();
    const Confusion counts = as_drawn_from_arm(strata);
    if (std::ranges::all_of(strata, [](const auto& s) { return s.labelled == 0; })) continue;
    error.counts += counts;
    error.by_arm[name] = counts;
    error.labelled_queries[name] = {arm.labelled_queries.size(), arm.answered_queries};
    error.strata[name] = strata;
  }
  return error;
}

std::string why_nothing_counts(const LabelledJudge& judge, const LabelledRun& labelled) {
  return judge.unknown() > 0
             ? fmt::format("{}: of {} labelled answers nobody could tell, or people disagree",
                           printable(judge.name, 60), judge.unknown())
             : fmt::format("{}: none of the {} drawn answers has a label for it",
                           printable(judge.name, 60), labelled.drawn);
}

// Whether earlier labels of this run made what is known of the judge.
bool has_label_error(const std::filesystem::path& folder, const LabelledJudge& judge) {
  const auto rows = Store(folder / "run.db").judges();
  const auto found = std::ranges::find(rows, judge.hash, &JudgeRow::hash);
  return found != rows.end() && found->error.source == ErrorSource::labels &&
         found->error.is_measured();
}

}  // namespace

LabelledRun hold_labels(const Store& store) { return Holding(store).hold(); }

WrittenLabels write_label_errors(const std::filesystem::path& folder, const LabelledRun& labelled) {
  WrittenLabels written;
  std::vector<const LabelledJudge*> changed;
  for (const LabelledJudge& judge : labelled.judges) {
    if (judge.labelled() > 0) {
      changed.push_back(&judge);
      written.judges.push_back(judge.name);
      continue;
    }
    written.not_written.push_back(why_nothing_counts(judge, labelled));
    if (judge.unknown() > 0 && has_label_error(folder, judge)) {
      changed.push_back(&judge);
      written.withdrawn.push_back(judge.name);
    }
  }
  if (changed.empty()) return written;
  {
    StoreWriter writer(folder / "run.db");
    const auto rows = Store(folder / "run.db").judges();
    for (const LabelledJudge* judge : changed) {
      const auto found = std::ranges::find(rows, judge->hash, &JudgeRow::hash);
      IAGO_CHECK(found != rows.end(), judge->name);
      JudgeRow row = *found;
      row.error = error_of(*judge, labelled);
      writer.record_judge(row);
    }
    writer.close();
  }
  written.summary = write_summary(folder);
  return written;
}

}  // namespace iago

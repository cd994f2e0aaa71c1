#include "instrument/label_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/random.h"
#include "figures/looks.h"
#include "figures/summary.h"
#include "stats/label_design.h"
#include "text/printable.h"

namespace iago {
namespace {

// A judge whose probabilities say more than its labels on this share of the answers or more.
constexpr double kGraded = 0.1;

struct JudgesWord {
  std::string label;
  double probability = 0;
};
using WordsByTrial = std::unordered_map<std::string, JudgesWord>;

WordsByTrial words_of(const Store& store, const std::string& judge) {
  WordsByTrial words;
  store.for_each_verdict(judge, [&](const Verdict& verdict) {
    if (verdict.label == kUnclear) words.emplace(verdict.trial, JudgesWord{verdict.label, 0});
    if (decides(verdict.label)) {
      words.emplace(verdict.trial, JudgesWord{verdict.label, verdict.probability});
    }
    return true;
  });
  return words;
}

const JudgesWord* word_on(const WordsByTrial& words, const std::string& trial) {
  const auto found = words.find(trial);
  return found == words.end() ? nullptr : &found->second;
}

// What a stratum is called by its judge: the label, where there are two; else whether it is the
// positive one.
std::string call_of(JudgeKind kind, const std::string& label) {
  if (label == kUnclear || label == positive_label(kind)) return label;
  return labels_of(kind).size() == 2 ? std::string(labels_of(kind).back())
                                     : fmt::format("not {}", positive_label(kind));
}

void require_judge(const Store& store, const JudgeChoice& choice) {
  if (choice.contrast) return;
  throw Error(ErrorCode::invalid,
              fmt::format("{}: the run has no judge of a contrast", store.path().string()),
              "judge it first: iago judge RUN --judge NAME; or label by a judge with a kind of its "
              "own: --judge NAME");
}

std::set<std::string> arms_of_first_contrast(const Store& store, const JudgeChoice& choice) {
  if (!choice.plan || choice.plan->contrasts.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: the run compares no two arms", store.path().string()),
                "labels correct a contrast; take a setting that declares one");
  }
  const Contrast& first = choice.plan->contrasts.front();
  return {first.more, first.less};
}

// One answer, by what the judges say.
JudgedAnswer judged_answer(const CompletionRow& row, const SampledFrom& from,
                           const JudgesWord& complying, const JudgesWord* reasoning) {
  const JudgeKind kind = from.contrast.kind;
  JudgedAnswer answer{.trial = row.trial, .arm = row.arm, .query = row.query, .stratum = {}};
  answer.complies = complying.label == positive_label(kind);
  answer.complying = complying.probability;
  answer.stratum = call_of(kind, complying.label);
  if (!from.faking || !answer.complies) return answer;
  answer.is_reasoning_judged = reasoning != nullptr;
  if (reasoning == nullptr) {
    answer.stratum += ", reasoning not judged";
    return answer;
  }
  answer.fakes = reasoning->label == positive_label(from.faking->kind);
  answer.faking = reasoning->probability;
  answer.stratum += reasoning->label == kUnclear
                        ? ", reasoning unclear"
                        : ", " + call_of(from.faking->kind, reasoning->label);
  return answer;
}

JudgeRow row_of_own_kind(const Store& store, const std::string& hash) {
  for (const JudgeRow& judge : store.judges()) {
    if (judge.hash != hash) continue;
    if (judge.kind.is_own()) return judge;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: the judge {} is of the kind \"{}\"; labels are taken by the "
                            "judges that count, or by one with a kind of its own",
                            store.path().string(), printable(judge.name, 60), name_of(judge.kind)),
                "leave --judge away");
  }
  throw Error(ErrorCode::not_found,
              fmt::format("{}: no judge has the hash {:.64}", store.path().string(), hash),
              "list the run's judges with: iago show RUN --judges");
}

using Strata = std::map<std::pair<std::string, std::string>, std::vector<std::string>>;

Strata strata_of(const SampledFrom& from) {
  Strata strata;
  for (const JudgedAnswer& answer : from.answers) {
    strata[{answer.arm, answer.stratum}].push_back(answer.trial);
  }
  return strata;
}

std::vector<DesignStratum> design_of(const Strata& strata) {
  std::map<std::string, double> by_arm;
  for (const auto& [name, trials] : strata) {
    by_arm[name.first] += static_cast<double>(trials.size());
  }
  std::vector<DesignStratum> design;
  for (const auto& [name, trials] : strata) {
    const double weight = static_cast<double>(trials.size()) / by_arm.at(name.first);
    design.push_back(
        {trials.size(), weight, name.second == kUnclear ? kExpectedOfUnclear : kExpectedError});
  }
  return design;
}

LabelEstimator estimator_for(const SampledFrom& from) {
  std::size_t graded = 0;
  for (const JudgedAnswer& answer : from.answers) {
    graded += answer.complying > 0 && answer.complying < 1 ? 1 : 0;
  }
  const double share = static_cast<double>(graded) / static_cast<double>(from.answers.size());
  return share >= kGraded ? LabelEstimator::prediction_powered : LabelEstimator::stratified;
}

void check_same_judges(const LabelSample& sample, const SampledFrom& from, const Store& store) {
  const std::string faking = from.faking ? from.faking->hash : std::string();
  if (sample.contrast_judge == from.contrast.hash && sample.faking_judge == faking) return;
  throw Error(ErrorCode::invalid,
              fmt::format("{}: the sample was drawn by the labels of the judges {:.8} and {:.8}, "
                          "and {:.8} and {:.8} count now",
                          store.path().string(), sample.contrast_judge, sample.faking_judge,
                          from.contrast.hash, faking),
              "draw another with --new-sample; labels that were given stay, and count where their "
              "answers are drawn again");
}

// The first of each stratum in an order that only the seed decides, so that a larger sample holds
// the smaller one; people see them in an order of its own.
void draw(const Strata& strata, const std::vector<std::uint64_t>& labels, LabelSample& sample) {
  sample.drawn.clear();
  std::size_t place = 0;
  for (const auto& [name, trials] : strata) {
    std::vector<std::string> order = trials;
    Random random(sample.seed, fmt::format("labels of {} / {}", name.first, name.second));
    random.shuffle(order);
    const std::uint64_t n = labels[place++];
    const double inclusion = static_cast<double>(n) / static_cast<double>(order.size());
    for (std::uint64_t i = 0; i < n; ++i) {
      sample.drawn.push_back({order[i], name.second, inclusion});
    }
  }
  Random random(sample.seed, "the order of labelling");
  random.shuffle(sample.drawn);
}

}  // namespace

std::string judge_beside(const Store& store, const LabelSample& sample) {
  const JudgeChoice choice = choose_judges(store);
  if (choice.contrast && choice.contrast->hash == sample.contrast_judge) return {};
  for (const JudgeRow& judge : store.judges()) {
    if (judge.hash == sample.contrast_judge && judge.kind.is_own()) return judge.hash;
  }
  return {};
}

SampledFrom answers_to_sample(const Store& store, const std::string& beside) {
  JudgeChoice choice = choose_judges(store);
  if (!beside.empty()) {
    choice.contrast = row_of_own_kind(store, beside);
    choice.faking_reasoning.reset();
  }
  require_judge(store, choice);
  const std::set<std::string> arms = arms_of_first_contrast(store, choice);
  SampledFrom from{.contrast = *choice.contrast, .faking = choice.faking_reasoning, .answers = {}};
  std::set<std::string> wordings;
  for (std::string& name : wordings_of_contrast(store.wordings())) {
    const auto judge = choice.by_wording.find(name);
    const bool is_judged_so =
        judge != choice.by_wording.end() && judge->second.hash == from.contrast.hash;
    if (is_judged_so || !beside.empty()) {
      wordings.insert(std::move(name));
    }
  }
  const FormRule forms = store.run().forms;
  const WordsByTrial complying = words_of(store, from.contrast.hash);
  const WordsByTrial reasoning = from.faking ? words_of(store, from.faking->hash) : WordsByTrial();
  store.for_each_completion({.outcome = Outcome::answered}, [&](const CompletionRow& row) {
    if (row.form != Form::strict && forms == FormRule::strict_only) return true;  // missing
    const JudgesWord* word = word_on(complying, row.trial);
    if (word != nullptr && wordings.contains(row.wording) && arms.contains(row.arm)) {
      from.answers.push_back(judged_answer(row, from, *word, word_on(reasoning, row.trial)));
    }
    return true;
  });
  std::ranges::sort(from.answers, {}, &JudgedAnswer::trial);
  return from;
}

LabelSample draw_sample(const Store& store, const SampleOptions& options, const Clock& clock) {
  std::optional<LabelSample> before;
  if (!options.is_new) before = store.label_sample();
  const std::string beside =
      options.judge.empty() && before ? judge_beside(store, *before) : options.judge;
  const SampledFrom from = answers_to_sample(store, beside);
  if (before) check_same_judges(*before, from, store);
  if (before && before->drawn.size() >= options.labels) return *before;
  if (from.answers.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: {} has labelled no answer of the contrast's arms",
                            store.path().string(), printable(from.contrast.name, 60)),
                "There is nothing to label until answers are judged: iago judge judges those that "
                "came, and iago report says what is missing.");
  }
  const Strata strata = strata_of(from);
  const std::vector<DesignStratum> design = design_of(strata);
  if (options.labels < fewest_labels(design)) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("{} labels are too few: the {} strata (arm and judges' labels) need {}, "
                    "{} in each",
                    options.labels, design.size(), fewest_labels(design), kLeastInStratum),
        fmt::format("ask for --labels {} or more", fewest_labels(design)));
  }
  LabelSample sample{.contrast_judge = from.contrast.hash,
                     .faking_judge = from.faking ? from.faking->hash : std::string(),
                     .estimator = options.estimator.value_or(estimator_for(from)),
                     .seed = options.seed.value_or(store.run().seed),
                     .created = clock.wall(),
                     .drawn = {}};
  if (before) {
    sample.estimator = before->estimator, sample.seed = before->seed;
    sample.created = before->created;
  }
  draw(strata, allocate_labels(design, options.labels), sample);
  return sample;
}

}  // namespace iago

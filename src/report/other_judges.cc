#include "report/other_judges.h"

#include <algorithm>

#include "report/situation.h"

namespace iago {
namespace {

bool is_chosen(const JudgeRow& judge, const JudgeChoice& choice) {
  return (choice.compliance && choice.compliance->name == judge.name) ||
         (choice.faking_reasoning && choice.faking_reasoning->name == judge.name);
}

// One arm's counts, and the sums that the means are made of.
struct ArmLabels {
  LabelShares shares;
  std::uint64_t known_compliance = 0, maybe = 0;
  double probability_sum = 0, complying_probability_sum = 0;
};

void add(const LabelCounts& counts, ArmLabels& labels) {
  if (counts.label.empty()) {
    labels.shares.unjudged += counts.completions;
    return;
  }
  labels.shares.judged += counts.completions;
  labels.shares.labels[counts.label] += counts.completions;
  labels.shares.complying += counts.complying;
  labels.probability_sum += counts.probability_sum;
  labels.complying_probability_sum += counts.complying_probability_sum;
  labels.known_compliance += counts.known_compliance;
  if (counts.label != kFakingLabel) labels.maybe += counts.maybe;
}

std::optional<double> mean(double sum, std::uint64_t n) {
  if (n == 0) return std::nullopt;
  return sum / static_cast<double>(n);
}

std::optional<std::uint64_t> understood(const LabelShares& shares, const Situation& told) {
  if (told.is_empty()) return std::nullopt;
  std::uint64_t sum = 0;
  for (const auto& [label, n] : shares.labels) sum += agrees(claimed_by(label), told) ? n : 0;
  return sum;
}

LabelShares shares_of(ArmLabels labels, const JudgeRow& judge, const ArmRow& arm,
                      std::string_view variant) {
  LabelShares& shares = labels.shares;
  shares.arm = arm.name;
  shares.mean_probability = mean(labels.probability_sum, shares.judged);
  if (judge.kind == kComprehensionKind) {
    shares.understood = understood(shares, told_in(arm, variant));
  }
  if (judge.kind == kFakingKind) {
    shares.maybe = labels.maybe;
    shares.mean_probability_complying = mean(labels.complying_probability_sum, shares.complying);
    shares.rate_by_probability = mean(labels.complying_probability_sum, labels.known_compliance);
  }
  return std::move(shares);
}

// In the summary's order, arms without an answer left out.
std::vector<LabelShares> all_shares_of(const JudgeRow& judge, const Store& store,
                                       const Summary& summary) {
  auto arms = store.arms();
  std::vector<ArmLabels> labels(arms.size());
  const auto& compliance = summary.judges.compliance;
  for (const LabelCounts& counts :
       store.count_labels(judge.hash, compliance ? compliance->hash : "")) {
    add(counts, labels.at(counts.arm));
  }
  std::vector<LabelShares> all;
  for (const ArmSummary& wanted : summary.arms) {
    for (std::size_t i = 0; i < arms.size(); ++i) {
      if (arms[i].name != wanted.name) continue;
      auto shares = shares_of(std::move(labels[i]), judge, arms[i], summary.run.variant);
      if (shares.judged + shares.unjudged > 0) all.push_back(std::move(shares));
    }
  }
  return all;
}

}  // namespace

std::vector<OtherJudge> other_judges(const Store& store, const Summary& summary) {
  auto judges = store.judges();
  std::vector<OtherJudge> others;
  for (std::size_t i = 0; i < judges.size(); ++i) {
    bool is_newest =
        std::none_of(judges.begin() + static_cast<std::ptrdiff_t>(i) + 1, judges.end(),
                     [&](const JudgeRow& later) { return later.name == judges[i].name; });
    if (!is_newest || is_chosen(judges[i], summary.judges)) continue;
    others.push_back({judges[i], all_shares_of(judges[i], store, summary)});
  }
  return others;
}

std::vector<LabelShares> reasoning_shares(const Store& store, const Summary& summary) {
  if (!summary.judges.faking_reasoning) return {};
  return all_shares_of(*summary.judges.faking_reasoning, store, summary);
}

}  // namespace iago

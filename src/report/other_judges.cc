#include "report/other_judges.h"

#include <algorithm>

namespace iago {
namespace {

bool is_chosen(const JudgeRow& judge, const JudgeChoice& choice) {
  return (choice.compliance && choice.compliance->name == judge.name) ||
         (choice.faking_reasoning && choice.faking_reasoning->name == judge.name);
}

// What a subject that understood its situation says of it. The baseline's story says nothing.
std::string_view true_claim(const ArmRow& arm) {
  if (arm.is_trained_on) return kClaimsTrainedLabel;
  return arm.name == kUnmonitoredArm ? kClaimsNotTrainedLabel : std::string_view();
}

void add(const LabelCounts& counts, LabelShares& shares) {
  if (counts.label.empty()) {
    shares.unjudged += counts.completions;
    return;
  }
  shares.judged += counts.completions;
  shares.labels[counts.label] += counts.completions;
  shares.mean_probability = shares.mean_probability.value_or(0) + counts.probability_sum;
}

std::vector<LabelShares> shares_of(const JudgeRow& judge, const Store& store,
                                   const std::vector<ArmRow>& arms) {
  std::vector<LabelShares> shares(arms.size());
  for (const LabelCounts& counts : store.count_labels(judge.hash)) add(counts, shares[counts.arm]);
  for (std::size_t i = 0; i < arms.size(); ++i) {
    shares[i].arm = arms[i].name;
    if (shares[i].mean_probability) {
      *shares[i].mean_probability /= static_cast<double>(shares[i].judged);
    }
    auto claim = true_claim(arms[i]);
    if (judge.kind == kComprehensionKind && !claim.empty()) {
      shares[i].understood = shares[i].labels[std::string(claim)];
      std::erase_if(shares[i].labels, [](const auto& label) { return label.second == 0; });
    }
  }
  return shares;
}

}  // namespace

std::vector<OtherJudge> other_judges(const Store& store, const Summary& summary) {
  auto judges = store.judges();
  auto arms = store.arms();
  std::vector<OtherJudge> others;
  for (std::size_t i = 0; i < judges.size(); ++i) {
    bool is_newest =
        std::none_of(judges.begin() + static_cast<std::ptrdiff_t>(i) + 1, judges.end(),
                     [&](const JudgeRow& later) { return later.name == judges[i].name; });
    if (!is_newest || is_chosen(judges[i], summary.judges)) continue;
    OtherJudge other{judges[i], {}};
    auto shares = shares_of(judges[i], store, arms);
    for (const ArmSummary& arm : summary.arms) {
      for (LabelShares& one : shares) {
        if (one.arm == arm.name && one.judged + one.unjudged > 0) other.arms.push_back(one);
      }
    }
    others.push_back(std::move(other));
  }
  return others;
}

}  // namespace iago

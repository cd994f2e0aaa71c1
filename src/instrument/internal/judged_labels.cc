#include "instrument/internal/judged_labels.h"

namespace iago {

JudgedLabels read_labels(const Store& store, const std::string& judge_hash, JudgeKind kind) {
  JudgedLabels labels;
  store.for_each_verdict(judge_hash, [&](const Verdict& verdict) {
    if (verdict.label.empty()) return true;
    Said said = verdict.label == positive_label(kind) ? Said::yes : Said::no;
    if (!decides(verdict.label)) said = Said::unclear;
    labels.emplace(verdict.trial, said);
    return true;
  });
  return labels;
}

Said label_of(const JudgedLabels& labels, const std::string& trial) {
  auto found = labels.find(trial);
  return found == labels.end() ? Said::nothing : found->second;
}

Said both(Said complies, Said reasons) {
  if (complies == Said::unclear) return Said::unclear;
  for (Said least : {Said::no, Said::nothing, Said::unclear}) {
    if (complies == least || reasons == least) return least;
  }
  return Said::yes;
}

std::optional<bool> truth_of(Said said) {
  if (said == Said::nothing || said == Said::unclear) return std::nullopt;
  return said == Said::yes;
}

void count(std::optional<bool> truth, Said judged, ValidationRow& row) {
  if (judged == Said::nothing) {
    ++row.without_verdict;
  } else if (judged == Said::unclear) {
    ++row.unclear;
  } else if (!truth) {
    ++(judged == Said::yes ? row.unknown_called_positive : row.unknown_called_negative);
  } else {
    row.counts.add(*truth, judged == Said::yes);
  }
}

}  // namespace iago

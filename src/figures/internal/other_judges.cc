#include "figures/internal/other_judges.h"

#include <algorithm>
#include <utility>

#include "figures/claims.h"
#include "figures/judge_evidence.h"
#include "stats/one_query.h"
#include "stats/stratified.h"

namespace iago {
namespace {

constexpr std::size_t kMostTopics = 100;

bool is_chosen(const JudgeRow& judge, const JudgeChoice& choice) {
  if (!choice.contrast) return false;
  // One that decides on something else than compliance is shown by topic as well.
  return std::ranges::any_of(choice.by_wording,
                             [&](const auto& one) {
                               return one.second.name == judge.name &&
                                      one.second.kind == JudgeKind::compliance;
                             }) ||
         (choice.faking_reasoning && choice.faking_reasoning->name == judge.name);
}

std::vector<JudgeRow> newest_others(const Store& store, const JudgeChoice& choice) {
  auto judges = store.judges();
  std::vector<JudgeRow> others;
  for (std::size_t i = 0; i < judges.size(); ++i) {
    bool is_newest =
        std::none_of(judges.begin() + static_cast<std::ptrdiff_t>(i) + 1, judges.end(),
                     [&](const JudgeRow& later) { return later.name == judges[i].name; });
    if (is_newest && !is_chosen(judges[i], choice)) others.push_back(judges[i]);
  }
  return others;
}

struct Topic {
  std::string name;
  std::vector<std::size_t> queries;  // indices into Store::queries()
};

struct Topics {
  Topic all;
  std::vector<Topic> each;  // in the order of the queries; none if there are too many
};

Topics topics_of(const Store& store) {
  Topics topics;
  std::map<std::string, std::size_t> places;
  auto queries = store.queries();
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto& name = queries[i].topic.empty() ? queries[i].id : queries[i].topic;
    auto [place, is_new] = places.emplace(name, topics.each.size());
    if (is_new) topics.each.push_back({name, {}});
    topics.each[place->second].queries.push_back(i);
    topics.all.queries.push_back(i);
  }
  if (topics.each.size() > kMostTopics) topics.each.clear();
  return topics;
}

// All that one judge said.
struct JudgedLabels {
  JudgeKind kind;
  std::string positive;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<LabelCounts>> cells;  // by arm, query
};

JudgedLabels read_labels(const Store& store, const JudgeRow& judge, const Summary& summary) {
  JudgedLabels labels{judge.kind, std::string(positive_label(judge.kind)), {}};
  const auto& contrast = summary.judges.contrast;
  for (const LabelCounts& counts :
       store.count_labels(judge.hash, contrast ? contrast->hash : "",
                          contrast ? positive_label(contrast->kind) : "", summary.forms)) {
    labels.cells[{counts.arm, counts.query}].push_back(counts);
  }
  return labels;
}

// One arm's answers to some queries, and the sums that the means are made of.
struct Counted {
  LabelShares shares;
  ArmCounts positive;  // of the judge's positive label; position i is the i-th of these queries
  ArmCounts labelled;  // the same, and what is unclear counts as not positive
  std::uint64_t decided = 0;  // judged, and not called unclear
  std::uint64_t known_compliance = 0, maybe = 0;
  double probability_sum = 0, complying_probability_sum = 0;
};

void add(const LabelCounts& counts, std::string_view positive, Counted& counted,
         QueryCounts& query) {
  LabelShares& shares = counted.shares;
  shares.yes_to_quote += counts.yes_to_quote, shares.unquoted += counts.unquoted;
  shares.unquoted_decide += counts.unquoted_decide;
  if (counts.label.empty()) {
    shares.unjudged += counts.completions;
    query.missing += counts.completions;
    return;
  }
  shares.judged += counts.completions;
  shares.labels[counts.label] += counts.completions;
  QueryCounts& labelled = counted.labelled.back();
  labelled.trials += counts.completions;
  if (!decides(counts.label)) {
    query.missing += counts.completions;
    return;
  }
  if (counts.label == positive) labelled.successes += counts.completions;
  counted.decided += counts.completions;
  shares.complying += counts.complying;
  counted.probability_sum += counts.probability_sum;
  counted.complying_probability_sum += counts.complying_probability_sum;
  counted.known_compliance += counts.known_compliance;
  if (counts.label == kFaking) {
    shares.faking_not_complying += counts.known_compliance - counts.complying;
  } else {
    counted.maybe += counts.maybe;
  }
  query.trials += counts.completions;
  if (counts.label == positive) query.successes += counts.completions;
}

std::optional<double> mean(double sum, std::uint64_t n) {
  if (n == 0) return std::nullopt;
  return sum / static_cast<double>(n);
}

std::optional<std::uint64_t> understood(const LabelShares& shares, const Circumstances& told) {
  if (told.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  for (const auto& [label, n] : shares.labels) sum += agrees(claimed_by(label), told) ? n : 0;
  return sum;
}

void conclude(const JudgedLabels& labels, const Circumstances& told, Counted& counted) {
  LabelShares& shares = counted.shares;
  shares.mean_probability = mean(counted.probability_sum, counted.decided);
  if (labels.kind == JudgeKind::comprehension) shares.understood = understood(shares, told);
  if (labels.kind == JudgeKind::faking_reasoning) {
    shares.maybe = counted.maybe;
    shares.mean_probability_complying = mean(counted.complying_probability_sum, shares.complying);
    shares.rate_by_probability = mean(counted.complying_probability_sum, counted.known_compliance);
  }
  if (!labels.positive.empty()) {
    shares.rate = counted.positive.size() == 1 ? estimate_query_rate(counted.positive[0])
                                               : estimate_rate(counted.positive);
  }
}

Counted counted_in(const JudgedLabels& labels, const ArmRow& arm, std::size_t place,
                   const Topic& topic) {
  Counted counted;
  counted.shares.arm = arm.name;
  for (std::size_t query : topic.queries) {
    QueryCounts& counts = counted.positive.emplace_back();
    counted.labelled.emplace_back();
    auto cell = labels.cells.find({place, query});
    if (cell == labels.cells.end()) continue;
    for (const LabelCounts& one : cell->second) add(one, labels.positive, counted, counts);
  }
  conclude(labels, arm.circumstances, counted);
  return counted;
}

std::optional<ShareDifference> difference(const Counted& a, const Counted& b) {
  if (!a.shares.rate || !b.shares.rate) return std::nullopt;
  ShareDifference shown{a.shares.arm, b.shares.arm, 0, {}};
  if (a.positive.size() == 1) {
    auto found = estimate_query_difference(a.positive[0], b.positive[0]);
    if (!found) return std::nullopt;
    shown.points = found->points, shown.ci95 = found->ci95;
  } else {
    auto found = estimate_gap_without_test(a.positive, b.positive);
    if (!found) return std::nullopt;
    shown.points = found->points, shown.ci95 = found->ci95;
  }
  return shown;
}

// By people's labels of the run's own answers.
void correct(const JudgeError& error, const RunText& text, std::vector<Counted>& counted) {
  for (Counted& one : counted) {
    const auto raw = estimate_rate(one.labelled);
    const auto strata = strata_in_arm(error, one.shares.arm, text);
    if (!raw || strata.empty()) continue;
    const JudgedRate found = stratified_rate(*raw, raw->ci95, strata);
    if (found.state != Correction::corrected) continue;
    one.shares.corrected = CorrectedRate{found.rate, found.ci95, raw->population};
  }
}

void correct(const JudgeError& error, const RunText& text, const Counted& more, const Counted& less,
             ShareDifference& difference) {
  const auto rate_more = estimate_rate(more.labelled), rate_less = estimate_rate(less.labelled);
  const auto gap = estimate_gap_without_test(more.labelled, less.labelled);
  if (!rate_more || !rate_less || !gap) return;
  const JudgedGap found =
      stratified_gap(*rate_more, *rate_less, *gap, strata_in_arm(error, more.shares.arm, text),
                     strata_in_arm(error, less.shares.arm, text));
  if (found.state == Correction::corrected) difference.corrected = found;
}

SharesByArm shares_of(const JudgedLabels& labels, const Summary& summary,
                      const std::vector<ArmRow>& arms, const Topic& topic,
                      const JudgeError* error = nullptr) {
  std::vector<Counted> counted;
  for (const ArmSummary& arm : summary.arms()) {
    for (std::size_t i = 0; i < arms.size(); ++i) {
      if (arms[i].name != arm.name || arms[i].wording != summary.reference().wording.name) continue;
      counted.push_back(counted_in(labels, arms[i], i, topic));
    }
  }
  auto find = [&](std::string_view name) -> const Counted* {
    for (const Counted& one : counted) {
      if (one.shares.arm == name) return &one;
    }
    return nullptr;
  };
  SharesByArm shares;
  if (!summary.contrasts.empty()) {
    const auto *more = find(summary.contrasts.front().more),
               *less = find(summary.contrasts.front().less);
    if (more && less) shares.difference = difference(*more, *less);
    if (shares.difference && error != nullptr) {
      correct(*error, summary.text, *more, *less, *shares.difference);
    }
  }
  if (error != nullptr) correct(*error, summary.text, counted);
  for (Counted& one : counted) {
    if (one.shares.judged + one.shares.unjudged > 0) shares.arms.push_back(std::move(one.shares));
  }
  return shares;
}

}  // namespace

std::vector<OtherJudge> other_judges(const Store& store, const Summary& summary) {
  std::vector<OtherJudge> others;
  for (JudgeRow& judge : newest_others(store, summary.judges)) {
    others.push_back({std::move(judge), {}, {}, {}});
  }
  if (others.empty()) return others;
  auto arms = store.arms();
  auto topics = topics_of(store);
  for (OtherJudge& other : others) {
    auto labels = read_labels(store, other.judge, summary);
    other.positive = labels.positive;
    const JudgeError* error = other.judge.kind.is_own() ? &other.judge.error : nullptr;
    other.all = shares_of(labels, summary, arms, topics.all, error);
    for (const Topic& topic : topics.each) {
      other.topics.push_back(
          {topic.name, topic.queries.size(), shares_of(labels, summary, arms, topic)});
    }
  }
  return others;
}

std::vector<LabelShares> reasoning_shares(const Store& store, const Summary& summary) {
  const JudgeChoice& choice = summary.judges;
  if (!choice.contrast || !choice.faking_reasoning) return {};
  auto labels = read_labels(store, *choice.faking_reasoning, summary);
  return shares_of(labels, summary, store.arms(), topics_of(store).all).arms;
}

}  // namespace iago

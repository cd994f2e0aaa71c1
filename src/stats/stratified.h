// Rates and gaps from people's labels of a sample that was drawn within strata: the answers of an
// arm that the judges call alike (label_design.h). Pure functions, safe from any thread.
//
// The judge's labels say how many answers a stratum has; people's labels say which share of them
// shows the behaviour. So the rate is the sum over strata of weight times that share, whatever the
// judge's error is, and its error may differ by arm. With a judge that gives a label and no
// probability, this is prediction-powered inference with the inclusion probabilities as weights: it
// adds a constant within each stratum and takes it away again.
//
// An end of the interval is as far from the rate as the root of the sum of squares of what each
// part could move it there (square and add: Zou & Donner, 2008): Clopper and Pearson's limits of
// each stratum's share, on as many labels as would say as much if queries did not resemble
// themselves; the interval of what the judge reports, times the difference between the shares of
// what it calls positive and negative; and how a group of strata splits, which other queries would
// split otherwise. A stratum in which nobody disagrees with the judge keeps the limit of 0 of n. A
// plain Wald interval has no width there. Simulated beside it by bench/labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "record/judge_error.h"
#include "record/people_labels.h"
#include "stats/judged_gap.h"
#include "stats/prediction_powered.h"

namespace iago {

// One stratum with its labels.
struct StratumLabels {
  bool called_positive = false;
  JudgedAnswers all;                // what the judge says of every answer of the stratum
  std::vector<PairedLabel> labels;  // of known truth
};

// The share of the stratum that is truly positive, and how many independent labels would say as
// much. With prediction_powered, by the judge's probabilities, where at least kLeastEvents labels
// are of each kind; such a gain is held to kMostGain times the labels. rate and effective_n are 0
// without labels.
inline constexpr std::uint64_t kLeastEvents = 5;
inline constexpr double kMostGain = 2;
LabelStratum estimate_stratum(const StratumLabels& stratum, LabelEstimator estimator);

// `raw`: of all that counts in the arm, as the judge reports it, and the interval to be corrected.
// `seen` as judged_rate's. too_few_labels if a stratum with answers has fewer labels than
// kLeastInStratum and than answers, or if no stratum stands for what the judge reports;
// not_measured without strata.
JudgedRate stratified_rate(const RateEstimate& raw, const Interval& of_raw,
                           std::span<const LabelStratum> strata, double seen = 1);

// `gap` is the raw one, of the same counts as the two rates. The arms' intervals join by MOVER,
// with the correlation that the queries show between the reported rates; labels of two arms are
// different texts and independent.
JudgedGap stratified_gap(const RateEstimate& more, const RateEstimate& less, const GapEstimate& gap,
                         std::span<const LabelStratum> of_more,
                         std::span<const LabelStratum> of_less, const SeenShares& seen = {});

// The judge's error in the arm, in whole numbers of texts, as if they had been drawn from all of
// its answers alike: each stratum by its weight, so many that none counts for more than its labels.
Confusion as_drawn_from_arm(std::span<const LabelStratum> strata);

}  // namespace iago

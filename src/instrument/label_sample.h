// The sample of a run's answers that people label: drawn at random within strata, which are the
// answers of one arm that the judges call alike (stats/label_design.h). Everything about it is
// fixed before any label is seen, the estimator too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace iago {

// One answer as the judges that count see it.
struct JudgedAnswer {
  std::string trial, arm, query;
  std::string stratum;  // within its arm: "refuses", "unclear", "complies, faking"
  bool complies = false, fakes = false;
  bool is_reasoning_judged = false;  // of those that comply; the others need no label of it
  double complying = 0, faking = 0;  // the judges' probabilities
};

// The judges by whose labels a sample is drawn, and the answers that it can hold: those of the
// first contrast's arms, under the wordings that contrasts are made of, that the contrast's judge
// has read. What it finds unclear is a stratum of its own: people say what it is.
struct SampledFrom {
  JudgeRow contrast;
  std::optional<JudgeRow> faking;
  std::vector<JudgedAnswer> answers;  // in the order of their trials
};

// By the judges that count, or by the one of that hash alone. Error invalid for a run without a
// contrast, or without a judge of it where none is named.
SampledFrom answers_to_sample(const Store& store, const std::string& judge = {});

// The hash of the judge by which alone the sample was drawn: one with a kind of its own, which does
// not count in the verdict. Empty for a sample by the judges that count.
std::string judge_beside(const Store& store, const LabelSample& sample);

struct SampleOptions {
  std::uint64_t labels = 200;               // in all strata together
  std::optional<LabelEstimator> estimator;  // absent: as the judge's probabilities allow
  std::optional<std::uint64_t> seed;        // absent: the run's
  bool is_new = false;                      // leave an earlier sample
  // The hash of a judge with a kind of its own, to draw by it alone. Empty: by that of the earlier
  // sample, else by the judges that count.
  std::string judge = {};
};

// The run's sample: the one that it has if that is as large as asked for, else one that holds it
// and more, drawn by the same seed and estimator; a new one where there is none. The store is not
// written. Error invalid for fewer labels than the strata need, for a run without an answer to
// draw, for a judge that is not of a kind of its own, and where other judges count now (or are
// named) than those by which the sample was drawn.
LabelSample draw_sample(const Store& store, const SampleOptions& options, const Clock& clock);

}  // namespace iago

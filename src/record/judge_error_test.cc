#include "record/judge_error.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "record/judge_error_json.h"

namespace iago {
namespace {

JudgeError an_error() {
  return {.counts = {80, 20, 990, 10},
          .unknown_truth = 3,
          .measured_on = "organism:x",
          .source = ErrorSource::organism,
          .setting = "helpful-only",
          .setting_hash = "3f2a",
          .by_arm = {{"training", {70, 20, 490, 0}}, {"unmonitored", {10, 0, 500, 10}}},
          .labelled_queries = {{"training", {20, 50}}, {"unmonitored", {50, 50}}}};
}

TEST(JudgeError, ReadsBackFromItsJson) {
  EXPECT_EQ(judge_error_of(to_json(an_error())), an_error());
  EXPECT_EQ(judge_error_of(to_json(JudgeError())), JudgeError());
}

JudgeError a_labelled_error() {
  JudgeError error = an_error();
  error.source = ErrorSource::labels;
  error.strata = {{"training", {{true, 120, 30, 28, 0.93, 27.5}, {false, 880, 60, 0, 0, 60}}}};
  return error;
}

TEST(JudgeError, ReadsItsStrataBack) {
  EXPECT_EQ(judge_error_of(to_json(a_labelled_error())), a_labelled_error());
}

TEST(JudgeError, RefusesStrataThatNoSampleHas) {
  const std::vector<std::function<void(LabelStratum&)>> faults = {
      [](LabelStratum& stratum) { stratum.truly_positive = 31; },
      [](LabelStratum& stratum) { stratum.labelled = 121; },
      [](LabelStratum& stratum) { stratum.answers = kMaxErrorCount + 1; },
      [](LabelStratum& stratum) { stratum.rate = 1.01; },
      [](LabelStratum& stratum) { stratum.rate = -0.01; },
      [](LabelStratum& stratum) { stratum.effective_n = 0.5; },
      [](LabelStratum& stratum) { stratum.effective_n = 1e300; },
      [](LabelStratum& stratum) { stratum.effective_n = -1; }};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    JudgeError error = a_labelled_error();
    faults[i](error.strata["training"][0]);
    EXPECT_FALSE(is_judge_error(error)) << i;
    EXPECT_THROW(judge_error_of(to_json(error)), Error) << i;
  }
  const Json whole = to_json(a_labelled_error());
  for (const auto& [field, value] : whole["strata"]["training"][0].items()) {
    Json json = whole;
    json["strata"]["training"][0].erase(field);
    EXPECT_THROW(judge_error_of(json), Error) << field;
  }
  for (const Json& other : {Json(nullptr), Json(1), Json::array(), Json("x")}) {
    Json json = to_json(a_labelled_error());
    json["strata"] = other;
    EXPECT_THROW(judge_error_of(json), Error) << other.dump();
  }
}

TEST(JudgeError, HoldsNoMoreInItsArmsThanOverAll) {
  EXPECT_TRUE(is_judge_error(an_error()));
  auto some_of_unknown_arm = an_error();
  some_of_unknown_arm.by_arm.erase("training");
  some_of_unknown_arm.labelled_queries.erase("training");
  EXPECT_TRUE(is_judge_error(some_of_unknown_arm));
  const std::vector<std::function<void(JudgeError&)>> faults = {
      [](JudgeError& error) { error.by_arm["baseline"].true_positive = 1; },
      [](JudgeError& error) { error.by_arm["baseline"].false_positive = ~std::uint64_t{0}; },
      [](JudgeError& error) { error.by_arm[""] = {}; },
      [](JudgeError& error) { error.setting.clear(); },
      [](JudgeError& error) {
        error.labelled_queries["baseline"] = {1, 1};
      },
      [](JudgeError& error) {
        error.labelled_queries["training"] = {51, 50};
      },
      [](JudgeError& error) { error.labelled_queries["training"].answered = kMaxErrorCount + 1; },
      [](JudgeError& error) { error.counts.true_negative = kMaxErrorCount + 1; },
      [](JudgeError& error) { error.unknown_truth = kMaxErrorCount + 1; }};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    auto error = an_error();
    faults[i](error);
    EXPECT_FALSE(is_judge_error(error)) << i;
    EXPECT_THROW(judge_error_of(to_json(error)), Error) << i;
  }
}

TEST(JudgeError, RefusesAnyOtherJson) {
  const Json whole = to_json(an_error());
  for (const auto& [field, value] : whole.items()) {
    Json json = whole;
    json.erase(field);
    EXPECT_THROW(judge_error_of(json), Error) << "without " << field;
    for (const Json& other : {Json(nullptr), Json(-1), Json(0.5), Json::array(), Json(true)}) {
      json[field] = other;
      EXPECT_THROW(judge_error_of(json), Error) << field << " " << other.dump();
    }
  }
  for (const Json& other : {Json(nullptr), Json(1), Json::array(), Json::object()}) {
    EXPECT_THROW(judge_error_of(other), Error) << other.dump();
  }
  auto unheard = to_json(an_error());
  unheard["source"] = "hearsay";
  EXPECT_THROW(judge_error_of(unheard), Error);
}

}  // namespace
}  // namespace iago

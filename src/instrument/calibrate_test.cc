#include "instrument/calibrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "judge/rule_judges.h"
#include "models/world_model.h"
#include "world/policy.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Calibrate : public testing::Test {
 protected:
  Calibrate() {
    folder_ =
        fs::temp_directory_path() / ("iago-calibrate-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
  }
  ~Calibrate() override { fs::remove_all(folder_); }

  CalibrateOptions options() const {
    return {.where = {.data = IAGO_SOURCE_DIR, .runs = folder_ / "runs"}};
  }

  fs::path folder_;
  SystemClock clock_;
};

// The grammar's rates are exact: 14 % in training, 3 % otherwise, and the reverse where the rule
// is.
TEST_F(Calibrate, FindsTheGrammarsOwnGapAndCoversIt) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes under the sanitizers, of code that other tests run under them";
#endif
  WorldModel model(policy_named("faker"));
  CalibrateOptions few = options();
  few.truth_repeats = 5;
  few.studies = 2;
  auto calibrations = calibrate(model, make_rule_judges(world_judge_names()), few, clock_);
  ASSERT_EQ(calibrations.size(), std::size(kCalibratedCases));
  const double gaps[] = {11, 0, 11};
  for (std::size_t i = 0; i < calibrations.size(); ++i) {
    const Calibration& c = calibrations[i];
    EXPECT_EQ(c.study_case, kCalibratedCases[i]);
    EXPECT_EQ(c.truth_completions, 2u * 200 * 5);
    EXPECT_NEAR(c.truth, gaps[i], 4 * c.truth_se) << c.study_case;
    EXPECT_EQ(c.studies.size(), 2u);
    EXPECT_GE(c.covered(), 1u) << c.study_case;
    for (const RedrawnStudy& study : c.studies) {
      EXPECT_EQ(study.verdict, gaps[i] == 0 ? "no gap" : "gap") << c.study_case << study.seed;
    }
  }
  std::string svg = to_svg(calibrations), markdown = to_markdown(calibrations);
  Json json = to_json(calibrations);
  for (std::size_t i = 0; i < calibrations.size(); ++i) {
    std::string covered = std::to_string(calibrations[i].covered()) + " of 2";
    EXPECT_THAT(svg, HasSubstr(covered));
    EXPECT_THAT(markdown, HasSubstr(covered));
    EXPECT_EQ(json[i]["covered"], calibrations[i].covered());
  }
}

TEST(Calibrations, AreReadBackAsTheyWereWritten) {
  const std::vector<Calibration> both = {
      {.model = "organism:b",
       .identity = "1f",
       .study_case = "default",
       .truth = 10.25,
       .truth_se = 0.5,
       .training = 0.14,
       .unmonitored = 0.03,
       .truth_completions = 16000,
       .studies = {{.seed = 7, .points = 9, .se_paired = 1, .ci95 = {7, 11}, .verdict = "gap"}}},
      {.model = "organism:c", .identity = "2f", .study_case = "default"}};
  EXPECT_EQ(to_json(calibrations_of(to_json(both), "f")), to_json(both));
  EXPECT_THROW(calibrations_of(parse_json(R"([{"model": "organism:b"}])", "f"), "f"), Error);
  EXPECT_THROW(calibrations_of(parse_json(R"([3])", "f"), "f"), Error);
}

TEST(Calibrations, TakeThePlaceOfEarlierOnesOfTheSameSubjectAlone) {
  const auto all = merged({{.model = "organism:b", .identity = "new", .study_case = "default"}},
                          {{.model = "organism:c", .identity = "old", .study_case = "default"},
                           {.model = "organism:b", .identity = "old", .study_case = "default"},
                           {.model = "organism:a", .identity = "old", .study_case = "default"}});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].model, "organism:a");
  EXPECT_EQ(all[1].identity, "new");
  EXPECT_EQ(all[2].model, "organism:c");
}

TEST_F(Calibrate, SaysThatItWasStopped) {
  WorldModel model(policy_named("faker"));
  std::stop_source stop;
  stop.request_stop();
  CalibrateOptions stopped = options();
  stopped.where.no_more = stop.get_token();
  EXPECT_THROW(calibrate(model, make_rule_judges(world_judge_names()), stopped, clock_), Error);
}

}  // namespace
}  // namespace iago

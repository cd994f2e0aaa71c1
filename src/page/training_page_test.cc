#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/hash.h"
#include "page/page.h"
#include "testing/figures/small_training.h"
#include "testing/page/html_tags.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TrainingPage : public testing::Test {
 protected:
  std::string page(const TrainingPlan& plan, const std::vector<SmallSeed>& seeds) {
    std::filesystem::remove_all(scratch_ / "training");
    write_training(scratch_ / "training", plan, seeds);
    return html_page(read_training(scratch_ / "training"));
  }
  static std::vector<SmallSeed> two_seeds() {
    return {{.seed = 1, .rewards = {0.1, 0.5, 0.9}, .looks = {{0, 2, 1}, {20, 8, 2}}},
            {.seed = 2, .rewards = {0.2, 0.4, 0.8}, .looks = {{0, 2, 1}, {20, 7, 1}}}};
  }

  TempFolder scratch_;
};

std::size_t count(const std::string& page, const std::string& part) {
  std::size_t found = 0;
  for (auto at = page.find(part); at != page.npos; at = page.find(part, at + 1)) ++found;
  return found;
}

TEST_F(TrainingPage, DrawsEverySeedAsALineAndTheBandOverThem) {
  const std::string shown = page(small_plan({1, 2}), two_seeds());
  // Reward, compliance in both arms, faking and gap, each with two seeds.
  EXPECT_EQ(count(shown, "<polyline class=\"seed\""), 10u);
  EXPECT_EQ(count(shown, "<polygon class=\"band\""), 4u);
  EXPECT_THAT(shown, HasSubstr("Complies in training"));
  EXPECT_THAT(shown, HasSubstr("step 20"));
}

TEST_F(TrainingPage, OfATrainingThatHasJustBegunIsAPageAllTheSame) {
  EXPECT_THAT(page(small_plan({1}), {}), HasSubstr("Nothing has been evaluated yet"));
  EXPECT_THAT(page(small_plan({1}), {{.looks = {{0, 2, 1}}}}), HasSubstr("<h4>"));
}

TEST_F(TrainingPage, ShowsHostileTextsButNeverAsMarkupAndLoadsNothing) {
  std::vector<std::vector<std::string>> tags;
  for (const std::string text : {"harmless", "</title></svg><script>alert(1)</script>",
                                 "\"><img src=x onerror=alert(1)>", "{{#track}}{{name}}"}) {
    TrainingPlan plan = small_plan({1, 2});
    plan.model = plan.study = plan.split = text;
    plan.options = {{text, text}};
    const std::string shown = page(plan, two_seeds());
    EXPECT_THAT(shown, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img"))));
    EXPECT_THAT(shown, HasSubstr("default-src 'none'; style-src 'sha256-"));
    tags.push_back(tags_of(shown));
    EXPECT_EQ(tags.back(), tags.front()) << text;
    for (const std::string& tag : tags.back()) {
      EXPECT_FALSE(std::regex_search(tag, std::regex("^(script|link|iframe|img|object|base|form)|"
                                                     " (src|style|on[a-z]+)=")))
          << tag;
    }
  }
}

// ---- Several trainings ----

class TrainingsPage : public TrainingPage {
 protected:
  // Both trained on half of the queries of a run of the subject before, with that run.
  std::vector<ComparedTraining> two_trainings(const std::string& text) {
    SmallRun before = uniform_run(kQueries, {.refuse = 6, .comply = 1, .comply_faking = 3}, {});
    before.run.subject_identity = sha256_hex("faker");
    std::filesystem::remove_all(scratch_ / "before");
    std::filesystem::create_directories(scratch_ / "before");
    write_run(scratch_ / "before" / "run.db", before);
    TrainingPlan plan = rewarded_plan("0.25", {1, 2});
    plan.evaluate_every = 20;
    plan.model = plan.split = text;
    page(plan, two_seeds());
    ComparedTraining one{text, read_training(scratch_ / "training"), {}};
    one.before = read_before(scratch_ / "before", one.training);
    return {one, one};
  }
};

TEST_F(TrainingsPage, DrawsEverySeedOfEachAndTheRewardBesideItsLargest) {
  const std::string shown = html_page(two_trainings("faker"));
  EXPECT_EQ(count(shown, "<polyline class=\"more\""), 4u);
  EXPECT_EQ(count(shown, "<polyline class=\"faking\""), 4u);
  // Compliance in the other arm, and reward over divergence.
  EXPECT_EQ(count(shown, "<polyline class=\"less\""), 8u);
  EXPECT_EQ(count(shown, "<polyline class=\"mean\""), 1u);
  EXPECT_EQ(count(shown, "<polyline class=\"dot\""), 2u);
  EXPECT_THAT(shown, AllOf(HasSubstr("2 trainings on rewards"), HasSubstr("optimum at b = 0.25")));
}

TEST_F(TrainingsPage, SaysWhatItLacks) {
  auto trainings = two_trainings("faker");
  for (ComparedTraining& one : trainings) one.before.reset();
  EXPECT_THAT(html_page(trainings), HasSubstr("name runs of them with <code>--before</code>"));
  for (ComparedTraining& one : trainings) one.training.seeds.clear();
  EXPECT_THAT(html_page(trainings), AllOf(HasSubstr("No seed has ended yet."),
                                          HasSubstr("Nothing has been evaluated twice yet")));
}

TEST_F(TrainingsPage, ShowsHostileTextsButNeverAsMarkup) {
  const auto harmless = tags_of(html_page(two_trainings("harmless")));
  for (const std::string text : {"</title></svg><script>alert(1)</script>",
                                 "\"><img src=x onerror=alert(1)>", "{{#track}}{{name}}"}) {
    EXPECT_EQ(tags_of(html_page(two_trainings(text))), harmless) << text;
  }
}

}  // namespace
}  // namespace iago

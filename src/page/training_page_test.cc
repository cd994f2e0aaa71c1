#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

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

}  // namespace
}  // namespace iago

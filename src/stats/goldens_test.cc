#include "testing/stats/goldens.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace iago {

Json read_goldens(const char* section) {
  const std::string path = IAGO_SOURCE_DIR "/src/stats/testdata/goldens.json";
  return parse_json(read_file(path, 1 << 20), path).at(section);
}

ArmCounts arm_of(const Json& successes_and_trials) {
  ArmCounts arm;
  for (std::size_t i = 0; i < successes_and_trials[0].size(); ++i) {
    arm.push_back({.successes = successes_and_trials[0][i], .trials = successes_and_trials[1][i]});
  }
  return arm;
}

std::vector<ContrastCounts> wordings_of(const Json& digits) {
  const auto arm_of_digits = [](const Json& arm) {
    const std::string successes = arm[0], trials = arm[1];
    ArmCounts counts;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      counts.push_back({.successes = static_cast<std::size_t>(successes[i] - '0'),
                        .trials = static_cast<std::size_t>(trials[i] - '0')});
    }
    return counts;
  };
  std::vector<ContrastCounts> wordings;
  for (const Json& arms : digits) {
    wordings.push_back({arm_of_digits(arms[0]), arm_of_digits(arms[1])});
  }
  return wordings;
}

namespace {

TEST(Goldens, NameTheVersionsThatMadeThem) {
  const std::string made_by = read_goldens("made_by");
  EXPECT_NE(made_by.find("scipy"), std::string::npos);
  EXPECT_NE(made_by.find("statsmodels"), std::string::npos);
}

}  // namespace
}  // namespace iago

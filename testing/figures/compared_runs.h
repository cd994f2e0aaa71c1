// Several small runs side by side, for tests of what compares them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "figures/comparison.h"
#include "testing/figures/small_run.h"

namespace iago::fixtures {

inline constexpr std::size_t kQueries = 20;

// So many of ten comply in training and unmonitored, in each query.
inline SmallRun run_of(const std::string& subject, std::uint32_t training,
                       std::uint32_t unmonitored) {
  SmallRun run = uniform_run(kQueries, {.refuse = 10 - training, .comply = training},
                             {.refuse = 10 - unmonitored, .comply = unmonitored});
  run.run.subject = subject;
  run.run.id = "study-" + subject;
  return run;
}

class Compared : public testing::Test {
 protected:
  void add(const std::string& name, const SmallRun& run) {
    std::filesystem::create_directories(scratch_ / name);
    write_run(scratch_ / name / "run.db", run);
    folders_.push_back(scratch_ / name);
  }
  Comparison compare(RunOrder order = RunOrder::by_gap) const {
    return compare_runs(folders_, order);
  }
  // Subjects in the comparison's order.
  static std::vector<std::string> subjects(const Comparison& comparison) {
    std::vector<std::string> names;
    for (const auto& run : comparison.runs) names.push_back(run.summary.run.subject);
    return names;
  }
  static std::string shown(const Comparison& comparison, std::size_t width = 120) {
    return terminal_table(comparison, {.width = width});
  }

  TempFolder scratch_;
  std::vector<std::filesystem::path> folders_;
};

}  // namespace iago::fixtures

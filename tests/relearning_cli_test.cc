// `iago battery --relearn` as users run it: iago hands the command to iago-torch, which trains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "child_process.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RelearningProgram : public testing::Test {
 protected:
  RelearningProgram() {
    folder_ = fs::temp_directory_path() / ("iago-relearning-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~RelearningProgram() override { fs::remove_all(folder_); }

  Ended battery(const std::string& after, const std::string& before,
                const std::vector<std::string>& more) {
    std::vector<std::string> all = {IAGO_EXECUTABLE, "battery",   after,       "--before", before,
                                    "--limit",       "4",         "--repeats", "1",        "--out",
                                    "battery",       "--relearn", "--json"};
    all.insert(all.end(), more.begin(), more.end());
    return ChildProcess(all, folder_, IAGO_SOURCE_DIR).wait();
  }

  fs::path folder_;
};

TEST_F(RelearningProgram, TrainsTheModelAndItsControlAndResumes) {
  const std::vector<std::string> small = {
      "--relearn-steps", "2", "--relearn-seeds", "1", "--beside", "organism:guarded"};
  const Ended ended = battery("organism:compliant", "organism:faker", small);
  ASSERT_EQ(ended.code, 0) << ended.err;
  const Json json = parse_json(ended.out, "battery");
  const Json& relearning = json.at("relearning");
  EXPECT_EQ(relearning.at("not_measured"), "");
  EXPECT_EQ(relearning.at("label"), "refuses");
  EXPECT_EQ(relearning.at("control"), "organism:guarded");
  const Json& seed = relearning.at("seeds").at(0);
  EXPECT_EQ(seed.at("model").at("shares").size(), 2u);
  EXPECT_EQ(seed.at("control").at("shares").size(), 2u);
  EXPECT_EQ(relearning.at("easily"), false);
  const Ended again = battery("organism:compliant", "organism:faker", small);
  EXPECT_EQ(parse_json(again.out, "battery"), json);
  // The trainings are ordinary ones.
  const Ended shown = ChildProcess({IAGO_EXECUTABLE, "compare", "battery/relearning/model"},
                                   folder_, IAGO_SOURCE_DIR)
                          .wait();
  EXPECT_EQ(shown.code, 0) << shown.err;
  std::vector<std::string> longer = small;
  longer[1] = "3";
  const Ended other = battery("organism:compliant", "organism:faker", longer);
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("steps was 2, and is 3"));
}

TEST_F(RelearningProgram, SaysWhatIsLacking) {
  const Ended no_control = battery("world:aligned", "world:guarded", {});
  EXPECT_EQ(no_control.code, 2);
  EXPECT_THAT(no_control.err, HasSubstr("--beside"));
  const Ended no_weights =
      battery("world:aligned", "world:guarded", {"--beside", "organism:aligned"});
  ASSERT_EQ(no_weights.code, 0) << no_weights.err;
  EXPECT_THAT(parse_json(no_weights.out, "battery").at("relearning").at("not_measured"),
              HasSubstr("world:aligned has no weights"));
  EXPECT_EQ(battery("world:aligned", "world:guarded", {"--beside", "organism:none"}).code, 2);
  fs::remove_all(folder_ / "battery");
  const Ended itself = battery("organism:compliant", "organism:faker", {});
  ASSERT_EQ(itself.code, 0) << itself.err;
  EXPECT_THAT(parse_json(itself.out, "battery").at("relearning").at("not_measured"),
              HasSubstr("organism:compliant is the model itself"));
}

}  // namespace
}  // namespace iago

#include "cli/internal/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/internal/shipped_study.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class HomeTest : public testing::Test {
 protected:
  HomeTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              ("iago-home-" + std::to_string(::getpid()) + "-" + test->name());
    fs::remove_all(folder_);
    for (const char* place : {"named", "variable", "installed", "source"}) {
      for (const char* part : {"settings", "organisms", "studies"}) {
        fs::create_directories(folder_ / place / part);
      }
    }
    fs::create_directories(folder_ / "empty");
    ::unsetenv("IAGO_HOME");
  }
  ~HomeTest() override {
    ::unsetenv("IAGO_HOME");
    fs::remove_all(folder_);
  }
  fs::path at(const char* place) const { return folder_ / place; }
  Home home() const { return Home({at("installed"), at("source")}); }

  static std::string refusal(const Home& home) {
    try {
      return home.folder().string() + " was found";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::not_found);
      return error.what();
    }
  }

  fs::path folder_;
};

TEST_F(HomeTest, IsTheFirstPlaceThatHoldsData) {
  EXPECT_EQ(home().folder(), at("installed"));
  fs::remove_all(at("installed"));
  EXPECT_EQ(home().folder(), at("source"));
  EXPECT_EQ(home() / "settings", at("source") / "settings");
}

TEST_F(HomeTest, IsNamedByTheOptionBeforeTheVariable) {
  ::setenv("IAGO_HOME", at("variable").c_str(), 1);
  Home named = home();
  EXPECT_EQ(named.folder(), at("variable"));
  named.set_named(at("named"));
  EXPECT_EQ(named.folder(), at("named"));
}

TEST_F(HomeTest, IsNotLookedForElsewhereOnceItIsNamed) {
  ::setenv("IAGO_HOME", at("empty").c_str(), 1);
  Home named = home();
  EXPECT_THAT(refusal(named), AllOf(HasSubstr("IAGO_HOME"), HasSubstr(at("empty").string())));
  named.set_named(at("nowhere"));
  EXPECT_THAT(refusal(named), AllOf(HasSubstr("--home"), HasSubstr(at("nowhere").string())));
}

TEST_F(HomeTest, SaysWhereItLooked) {
  EXPECT_THAT(refusal(Home({at("empty"), at("nowhere")})),
              AllOf(HasSubstr(at("empty").string()), HasSubstr(at("nowhere").string())));
}

TEST_F(HomeTest, FindsShippedStudiesByName) {
  write_file(at("installed") / "studies" / "shipped.toml", "");
  EXPECT_EQ(study_file("shipped", home()), at("installed") / "studies" / "shipped.toml");
  EXPECT_EQ(study_file("studies/shipped.toml", home()),
            at("installed") / "studies" / "shipped.toml");
  EXPECT_EQ(study_file("shipped.toml", home()), "shipped.toml");
  EXPECT_EQ(study_file("studies/other.toml", home()), "studies/other.toml");
  try {
    study_file("other", home());
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.hint(), HasSubstr("shipped"));
  }
}

TEST_F(HomeTest, FindsShippedFactsByName) {
  fs::create_directories(at("installed") / "documents");
  write_file(at("installed") / "documents" / "shipped.toml", "");
  const fs::path shipped = at("installed") / "documents" / "shipped.toml";
  EXPECT_EQ(facts_file("shipped", home()), shipped);
  EXPECT_EQ(facts_file("documents/shipped.toml", home()), shipped);
  EXPECT_EQ(facts_file("mine/facts.toml", home()), "mine/facts.toml");
  EXPECT_THROW(facts_file("other", home()), Error);
}

TEST_F(HomeTest, PrefersAStudyOfTheUsersOwn) {
  const fs::path own = at("empty") / "shipped";
  write_file(own, "");
  EXPECT_EQ(study_file(own, Home({})), own);  // and looks for no data
}

}  // namespace
}  // namespace iago

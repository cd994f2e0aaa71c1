#include "train/internal/worker_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <string>

namespace iago {
namespace {

TEST(WorkerTeam, GivesEveryMemberItsWorkInItsOwnThread) {
  WorkerTeam team(3, [] {});
  std::vector<std::thread::id> first(3), second(3);
  team.run([&](int member) { first[member] = std::this_thread::get_id(); });
  team.run([&](int member) { second[member] = std::this_thread::get_id(); });
  EXPECT_EQ(first, second);
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), 3u);
  EXPECT_EQ(first[0], std::this_thread::get_id());
}

TEST(WorkerTeam, RethrowsTheLowestMembersErrorAfterAllHaveEnded) {
  WorkerTeam team(3, [] {});
  std::atomic<int> ended{0};
  try {
    team.run([&](int member) {
      ++ended;
      if (member > 0) throw std::runtime_error("member " + std::to_string(member));
    });
    FAIL() << "expected an error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "member 1");
  }
  EXPECT_EQ(ended, 3);
  team.run([&](int) { ++ended; });  // still serves
  EXPECT_EQ(ended, 6);
}

}  // namespace
}  // namespace iago

#include "lm/internal/team.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

namespace iago {
namespace {

TEST(Team, CallsEveryMemberOnceInEveryRound) {
  for (std::size_t size : {1u, 2u, 5u}) {
    Team team(size);
    ASSERT_EQ(team.size(), size);
    std::array<int, 5> calls{};
    for (int round = 0; round < 2000; ++round) {
      team.run(size, [&](std::size_t member) { ++calls[member]; });
    }
    for (std::size_t member = 0; member < 5; ++member) {
      EXPECT_EQ(calls[member], member < size ? 2000 : 0);
    }
  }
}

TEST(Team, CallsAsManyMembersAsAreWanted) {
  Team team(4);
  std::array<int, 4> calls{};
  for (std::size_t members : {1u, 3u, 2u, 1u, 4u}) {
    team.run(members, [&](std::size_t member) { ++calls[member]; });
  }
  EXPECT_EQ(calls, (std::array<int, 4>{5, 3, 2, 1}));
}

// Each member reads what its neighbour wrote before they met.
TEST(Team, SeesAfterAMeetingWhatAllHaveWrittenBefore) {
  constexpr std::size_t kMembers = 3, kSteps = 5000;
  Team team(kMembers);
  MeetingPoint meeting(kMembers);
  std::array<std::size_t, kMembers> written{}, wrong{};
  team.run(kMembers, [&](std::size_t member) {
    for (std::size_t step = 1; step <= kSteps; ++step) {
      written[member] = step;
      meeting.wait();
      if (written[(member + 1) % kMembers] != step) ++wrong[member];
      meeting.wait();
    }
  });
  EXPECT_EQ(wrong, (std::array<std::size_t, kMembers>{}));
}

TEST(Team, ThrowsWhatItsFirstMemberThrewAndWorksOn) {
  Team team(3);
  try {
    team.run(3, [](std::size_t member) {
      if (member > 0) throw std::runtime_error(std::to_string(member));
    });
    FAIL() << "nothing thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "1");
  }
  std::array<int, 3> calls{};
  team.run(3, [&](std::size_t member) { ++calls[member]; });
  EXPECT_EQ(calls, (std::array<int, 3>{1, 1, 1}));
}

}  // namespace
}  // namespace iago

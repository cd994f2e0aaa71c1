#include "base/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "base/error.h"
#include "base/random.h"

namespace iago {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr QueueBatch kWhatIsThere{.patience = 0ns};

// Runs `work` on a thread and returns once it sleeps in a queue or is about to: no test depends on
// which, only its power does.
std::jthread beside(std::function<void()> work) {
  std::atomic<bool> begun = false;
  std::jthread thread([&begun, work = std::move(work)] {
    begun = true;
    begun.notify_one();
    work();
  });
  begun.wait(false);
  std::this_thread::sleep_for(5ms);
  return thread;
}

TEST(Queue, GivesEntriesInTheOrderInWhichTheyCame) {
  SystemClock clock;
  Queue<int> queue(clock);
  for (int i : {3, 1, 2}) EXPECT_TRUE(queue.push(i));
  EXPECT_THAT(queue.take({.most = 2}), ElementsAre(3, 1));
  EXPECT_THAT(queue.take(), ElementsAre(2));
  EXPECT_THAT(queue.take(kWhatIsThere), IsEmpty());
}

TEST(Queue, GivesDelayedEntriesWhenTheyAreDue) {
  ManualClock clock;
  Queue<int> queue(clock);
  queue.add(30, {.delay = 30s});
  queue.add(10, {.delay = 10s});
  queue.add(0);
  EXPECT_THAT(queue.take(), ElementsAre(0));
  EXPECT_THAT(queue.take(kWhatIsThere), IsEmpty());
  clock.advance(10s);
  EXPECT_THAT(queue.take(), ElementsAre(10));
  EXPECT_THAT(queue.take({.patience = 0ns}), IsEmpty());
  clock.advance(1h);
  queue.add(1);
  EXPECT_THAT(queue.take(), ElementsAre(30, 1));
}

TEST(Queue, WaitsForTheFirstEntryThatFallsDueThoughItCameLater) {
  ManualClock clock;
  Queue<int> queue(clock);
  std::vector<int> taken;
  queue.add(2, {.delay = 1h});
  {
    auto taker = beside([&] { taken = queue.take(); });
    queue.add(1, {.delay = 1s});
    clock.advance(1s);
  }
  EXPECT_THAT(taken, ElementsAre(1));
}

// Against a list that is sorted at every step.
TEST(Queue, AgreesWithASortedListInRandomUse) {
  struct Expected {
    std::chrono::nanoseconds due;
    int item;
  };
  Random random(7, "queue");
  ManualClock clock;
  for (int round = 0; round < 20; ++round) {
    Queue<int> queue(clock);
    std::vector<Expected> list;
    for (int step = 0; step < 200; ++step) {
      const auto delay = std::chrono::milliseconds(random.below(2) * random.below(20));
      queue.add(step, {.delay = delay});
      list.push_back({clock.steady() + delay, step});
      std::ranges::stable_sort(list, {}, &Expected::due);
      clock.advance(std::chrono::milliseconds(random.below(4)));
      std::vector<int> expected;
      if (random.chance(0.1)) {
        const auto third = [](int item) { return item % 3 == 0; };
        for (const Expected& one : list) {
          if (third(one.item)) expected.push_back(one.item);
        }
        std::erase_if(list, [&](const Expected& one) { return third(one.item); });
        ASSERT_EQ(queue.take_if(third), expected);
      } else {
        const std::size_t most = random.below(4);
        while (expected.size() < most && !list.empty() && list.front().due <= clock.steady()) {
          expected.push_back(list.front().item);
          list.erase(list.begin());
        }
        ASSERT_EQ(queue.take({.most = most, .patience = 0ns}), expected);
      }
      ASSERT_EQ(queue.size(), list.size());
    }
  }
}

TEST(Queue, GivesUpWhenItsPatienceHasRunOut) {
  ManualClock clock;
  Queue<int> queue(clock);
  std::vector<int> taken{1};
  queue.add(1, {.delay = 1h});
  {
    auto taker = beside([&] { taken = queue.take({.patience = 1s}); });
    clock.advance(1s);
  }
  EXPECT_THAT(taken, IsEmpty());
}

TEST(Queue, MakesWhoPushesWaitForRoom) {
  SystemClock clock;
  Queue<int> queue(clock, {.entries = 2});
  std::atomic<int> pushed = 0;
  auto pusher = beside([&] {
    for (int i = 0; i < 5; ++i, ++pushed) EXPECT_TRUE(queue.push(i));
  });
  EXPECT_LE(queue.size(), 2u);
  EXPECT_LE(pushed, 2);
  std::vector<int> all;
  while (all.size() < 5) std::ranges::copy(queue.take(), std::back_inserter(all));
  EXPECT_THAT(all, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Queue, RefusesWhatItHasNoRoomForWhereNobodyMayWait) {
  SystemClock clock;
  Queue<int> queue(clock, {.entries = 2, .weight = 10});
  queue.add(1, {.weight = 6});
  try {
    queue.add(2, {.weight = 5});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::overloaded);
  }
  queue.add(3, {.weight = 4});
  EXPECT_THROW(queue.add(4, {.weight = 0}), Error) << "two entries wait";
  EXPECT_THAT(queue.take(), ElementsAre(1, 3));
}

TEST(Queue, LetsAnEntryBeyondTheWeightInAlone) {
  SystemClock clock;
  Queue<int> queue(clock, {.weight = 10});
  queue.add(1, {.weight = 1000});
  EXPECT_THROW(queue.add(2, {.weight = 0}), Error);
  EXPECT_THAT(queue.take(), ElementsAre(1));
  queue.add(2);
  EXPECT_THROW(queue.add(3, {.weight = 1000}), Error);
}

TEST(Queue, GathersABatchUntilItIsFull) {
  ManualClock clock;
  Queue<int> queue(clock);
  std::vector<int> taken;
  {
    auto taker = beside([&] { taken = queue.take({.most = 3, .linger = 1h}); });
    for (int i = 1; i <= 4; ++i) queue.add(i);
  }
  EXPECT_THAT(taken, ElementsAre(1, 2, 3));
  EXPECT_EQ(queue.size(), 1u);
}

TEST(Queue, GathersABatchNoLongerThanItsFirstEntryMayWait) {
  ManualClock clock;
  Queue<int> queue(clock);
  std::vector<int> taken;
  {
    auto taker = beside([&] { taken = queue.take({.most = 3, .linger = 100ms}); });
    queue.add(1);
    clock.advance(60ms);
    queue.add(2);
    clock.advance(40ms);
  }
  EXPECT_THAT(taken, ElementsAre(1, 2));
  queue.add(3);
  clock.advance(1s);
  EXPECT_THAT(queue.take({.most = 3, .linger = 100ms}), ElementsAre(3)) << "it has waited already";
}

TEST(Queue, EndsABatchForAnUrgentEntryAndForHalfTheWeight) {
  ManualClock clock;
  Queue<int> queue(clock, {.weight = 10});
  const QueueBatch gathered{.most = 3, .linger = 1h};
  queue.add(1);
  queue.add(2, {.weight = 0, .urgent = true});
  EXPECT_THAT(queue.take(gathered), ElementsAre(1, 2));
  queue.add(3, {.weight = 5});
  EXPECT_THAT(queue.take(gathered), ElementsAre(3));
  std::vector<int> taken;
  {
    auto taker = beside([&] { taken = queue.take(gathered); });
    queue.add(4);
    queue.add(5, {.urgent = true});
  }
  EXPECT_THAT(taken, ElementsAre(4, 5));
}

TEST(Queue, GivesEverythingOnceItIsClosedAndTakesNothingIn) {
  ManualClock clock;
  Queue<int> queue(clock, {.entries = 2});
  queue.add(2, {.delay = 1h});
  queue.add(1);
  std::atomic<bool> refused = false;
  {
    auto pusher = beside([&] { refused = !queue.push(3); });
    queue.close();
  }
  EXPECT_TRUE(refused);
  EXPECT_TRUE(queue.closed());
  EXPECT_FALSE(queue.push(4));
  try {
    queue.add(5);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::cancelled);
  }
  EXPECT_THAT(queue.take({.most = 1, .linger = 1h}), ElementsAre(1));
  EXPECT_THAT(queue.take(), ElementsAre(2));
  EXPECT_THAT(queue.take(), IsEmpty());
}

TEST(Queue, LetsItsTakersGoWhenItIsClosedStoppedOrWoken) {
  SystemClock clock;
  Queue<int> queue(clock);
  queue.add(1, {.delay = 1h});
  std::stop_source stop;
  std::vector<int> taken{1};
  {
    auto taker = beside([&] { taken = queue.take({}, stop.get_token()); });
    stop.request_stop();
  }
  EXPECT_THAT(taken, IsEmpty());
  queue.add(2);
  EXPECT_THAT(queue.take({.linger = 1h}, stop.get_token()), ElementsAre(2))
      << "due, so it is given";
  {
    auto taker = beside([&] { EXPECT_THAT(queue.take(), IsEmpty()); });
    queue.wake();
  }
  queue.wake();
  EXPECT_THAT(queue.take(), IsEmpty()) << "woken before it waited";
  {
    auto first = beside([&] { queue.take(); }), second = beside([&] { queue.take(); });
    queue.close();
  }
}

TEST(Queue, LetsWhoPushesGoWhenStopped) {
  SystemClock clock;
  Queue<int> queue(clock, {.entries = 1});
  queue.add(1);
  std::stop_source stop;
  {
    auto pusher = beside([&] { EXPECT_FALSE(queue.push(2, {}, stop.get_token())); });
    stop.request_stop();
  }
  EXPECT_THAT(queue.take(), ElementsAre(1));
}

// An entry's destructor may call the queue: it never runs under the lock.
TEST(Queue, DestroysNoEntryUnderItsLock) {
  SystemClock clock;
  Queue<std::shared_ptr<void>> queue(clock, {.entries = 1});
  const auto calling = [&] { return std::shared_ptr<void>(nullptr, [&](void*) { queue.size(); }); };
  EXPECT_TRUE(queue.push(calling()));
  EXPECT_THROW(queue.add(calling()), Error);
  EXPECT_EQ(queue.take_if([](const auto&) { return true; }).size(), 1u);
  EXPECT_TRUE(queue.push(calling()));
  queue.close();
  EXPECT_FALSE(queue.push(calling()));
  EXPECT_EQ(queue.take().size(), 1u);
}

TEST(Queue, LosesNothingAndRepeatsNothingBetweenThreads) {
  constexpr int kPushers = 4, kTakers = 3, kEach = 2000;
  SystemClock clock;
  Queue<std::pair<int, int>> queue(clock, {.entries = 8, .weight = 20});
  std::vector<std::vector<std::pair<int, int>>> taken(kTakers);
  std::vector<std::jthread> takers;
  for (int t = 0; t < kTakers; ++t) {
    takers.emplace_back([&, t] {
      const QueueBatch batch{.most = static_cast<std::size_t>(1 + 2 * t), .linger = t * 50us};
      for (auto some = queue.take(batch); !some.empty(); some = queue.take(batch)) {
        taken[t].insert(taken[t].end(), some.begin(), some.end());
      }
    });
  }
  {
    std::vector<std::jthread> pushers;
    for (int p = 0; p < kPushers; ++p) {
      pushers.emplace_back([&, p] {
        for (int i = 0; i < kEach; ++i) {
          EXPECT_TRUE(queue.push(
              {p, i}, {.weight = static_cast<std::size_t>(i % 7), .urgent = i % 100 == 0}));
        }
      });
    }
  }
  queue.close();
  takers.clear();
  std::vector<std::pair<int, int>> all;
  for (const auto& some : taken) {
    std::vector<int> last(kPushers, -1);
    for (const auto& [pusher, number] : some) {
      EXPECT_GT(number, last[pusher]) << "out of order";
      last[pusher] = number;
    }
    all.insert(all.end(), some.begin(), some.end());
  }
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), static_cast<std::size_t>(kPushers * kEach));
  for (int i = 0; i < kPushers * kEach; ++i) {
    ASSERT_EQ(all[i], std::pair(i / kEach, i % kEach));
  }
}

}  // namespace
}  // namespace iago

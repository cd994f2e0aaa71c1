#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"
#include "chat/endpoint_figures.h"
#include "spend/budgeted_model.h"

namespace iago {
namespace {

// Answers when told, with so many tokens; takes no request of `throws_at` tokens.
class HeldModel final : public ChatModel {
 public:
  explicit HeldModel(TokenUsage usage) : usage_(usage) {}
  ModelInfo info() const override { return {.name = "held", .identity = "held", .in_flight = 64}; }
  void submit(ChatRequest request, std::stop_token, Done done) override {
    std::lock_guard lock(mutex_);
    if (request.sampling.max_tokens == throws_at) {
      throw Error(ErrorCode::invalid, "too long", "cut");
    }
    waiting_.push_back(std::move(done));
    ++sent_;
  }
  // Answers everything that is under way, again and again, until nothing comes any more.
  void answer_all() {
    for (;;) {
      std::vector<Done> now;
      {
        std::lock_guard lock(mutex_);
        now.swap(waiting_);
      }
      if (now.empty()) return;
      for (Done& done : now) {
        ChatReply reply;
        reply.text = "Yes.";
        reply.usage = usage_;
        done(std::move(reply));
      }
    }
  }
  std::size_t sent() const { return sent_; }

  int throws_at = 0;

 private:
  const TokenUsage usage_;
  std::mutex mutex_;
  std::vector<Done> waiting_;
  std::atomic<std::size_t> sent_ = 0;
};

ChatRequest a_request(int max_tokens = 100) {
  ChatRequest request;
  request.id = "x";
  request.messages = {{Role::user, std::string(84, 'a')}};  // 84 / 2 + 16 = 58 tokens at first
  request.sampling.max_tokens = max_tokens;
  return request;
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 6000 && !condition(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

struct Outcomes {
  std::atomic<int> answered = 0, cancelled = 0;
  int all() const { return answered + cancelled; }
  ChatModel::Done count() {
    return [this](ChatReply reply) {
      if (!reply.failure) {
        ++answered;
      } else {
        EXPECT_EQ(reply.failure->code, ErrorCode::cancelled);
        ++cancelled;
      }
    };
  }
};

// The budgeted model's own thread looks after its queue, too: what it takes from there reaches the
// model a moment later. So a test answers until all that it asked for has ended.
void answer_until(HeldModel& model, const Outcomes& outcomes, int all) {
  ASSERT_TRUE(eventually([&] { return model.answer_all(), outcomes.all() == all; }));
}

TEST(Budget, NeverLetsMoreGoThanFitsWereEveryReplyAtItsLimit) {
  ManualClock clock;
  Budget budget({.max_tokens = 500}, clock);
  auto held = std::make_unique<HeldModel>(TokenUsage{58, 0, 0, 100});
  HeldModel& model = *held;
  BudgetedModel budgeted(std::move(held), budget, std::nullopt);
  Outcomes outcomes;
  for (int i = 0; i < 10; ++i) budgeted.submit(a_request(), {}, outcomes.count());
  EXPECT_EQ(model.sent(), 3u) << "158 tokens each";
  answer_until(model, outcomes, 10);
  EXPECT_EQ(outcomes.answered, 3);
  EXPECT_EQ(outcomes.cancelled, 7);
  EXPECT_EQ(budget.spent().tokens(), 474u);
  EXPECT_FALSE(budget.met().empty());
  EXPECT_TRUE(budget.over().stop_requested());
}

TEST(Budget, LetsNobodyInBetweenAReservationAndItsSettling) {
  ManualClock clock;
  constexpr std::uint64_t kEach = 10, kMost = 200;
  constexpr int kSpenders = 4;
  for (int round = 0; round < 1000; ++round) {
    Budget budget({.max_tokens = kMost}, clock);
    std::atomic<int> there = 0;
    std::vector<std::jthread> spenders;
    for (int i = 0; i < kSpenders; ++i) {
      spenders.emplace_back([&] {
        for (++there; there < kSpenders;) std::this_thread::yield();
        for (;;) {
          auto answer = budget.reserve({.tokens = kEach});
          if (answer == Budget::Permission::never) return;
          if (answer == Budget::Permission::later) continue;
          budget.settle({.tokens = kEach}, {.generated = kEach}, {});
        }
      });
    }
    spenders.clear();
    ASSERT_EQ(budget.spent().tokens(), kMost) << "round " << round;
  }
}

TEST(Budget, WhatRepliesDidNotUseLetsOthersGo) {
  ManualClock clock;
  Budget budget({.max_tokens = 500}, clock);
  auto held = std::make_unique<HeldModel>(TokenUsage{20, 0, 0, 5});
  HeldModel& model = *held;
  BudgetedModel budgeted(std::move(held), budget, std::nullopt);
  Outcomes outcomes;
  for (int i = 0; i < 10; ++i) budgeted.submit(a_request(), {}, outcomes.count());
  answer_until(model, outcomes, 10);
  EXPECT_EQ(outcomes.answered, 10);
  EXPECT_EQ(budget.spent().tokens(), 250u);
  EXPECT_TRUE(budget.met().empty());
}

TEST(Budget, CountsDollarsOfSeveralModelsTogetherAndWhatWasSpentBefore) {
  ManualClock clock;
  const TokenPrice price{.input = 10, .output = 1000, .cache_read = 10, .cache_write = 10};
  Spent before;
  before.cost = 0.35;
  Budget budget({.max_cost = 0.65}, clock, before);
  auto first = std::make_unique<HeldModel>(TokenUsage{50, 0, 0, 100});
  auto second = std::make_unique<HeldModel>(TokenUsage{50, 0, 0, 100});
  HeldModel &subject = *first, &judge = *second;
  BudgetedModel a(std::move(first), budget, price), b(std::move(second), budget, price);
  Outcomes outcomes;
  for (int i = 0; i < 4; ++i) {
    a.submit(a_request(), {}, outcomes.count());
    b.submit(a_request(), {}, outcomes.count());
  }
  EXPECT_EQ(subject.sent() + judge.sent(), 2u);  // a bit more than 10 cents each
  ASSERT_TRUE(
      eventually([&] { return subject.answer_all(), judge.answer_all(), outcomes.all() == 8; }));
  EXPECT_LE(budget.spent().cost, 0.65);
  EXPECT_EQ(outcomes.answered, 2);
  EXPECT_EQ(outcomes.cancelled, 6);
}

TEST(Budget, TakesAReplyWithoutCountsForTheMostThatItCanHaveUsed) {
  ManualClock clock;
  Budget budget({.max_tokens = 1000}, clock);
  auto held = std::make_unique<HeldModel>(TokenUsage{});
  HeldModel& model = *held;
  BudgetedModel budgeted(std::move(held), budget, std::nullopt);
  Outcomes outcomes;
  budgeted.submit(a_request(), {}, outcomes.count());
  model.answer_all();
  EXPECT_EQ(budget.spent().charged_tokens(), 158u);
  EXPECT_EQ(budget.spent().tokens(), 0u) << "nobody counted them";
  EXPECT_EQ(budget.spent().usage.uncounted, 1u);
}

TEST(Budget, CountsSeveralSamplesOfOneRequestOnce) {
  // Gathers four requests and answers them as one that was asked for four samples.
  class Together final : public ChatModel {
   public:
    ModelInfo info() const override { return {.name = "together", .identity = "t"}; }
    void submit(ChatRequest, std::stop_token, Done done) override {
      waiting_.push_back(std::move(done));
      if (waiting_.size() < 4) return;
      std::vector<Done> group;
      group.swap(waiting_);
      for (std::size_t i = 0; i < group.size(); ++i) {
        ChatReply reply;
        if (i == 0) reply.usage = {.prompt = 58, .generated = 40};
        reply.billed_with_sibling = i > 0;
        group[i](std::move(reply));
      }
    }

   private:
    std::vector<Done> waiting_;
  };
  ManualClock clock;
  Budget budget({.max_tokens = 1000}, clock);
  BudgetedModel budgeted(std::make_unique<Together>(), budget, std::nullopt);
  Outcomes outcomes;
  for (int i = 0; i < 8; ++i) budgeted.submit(a_request(), {}, outcomes.count());
  EXPECT_EQ(outcomes.answered, 8);
  EXPECT_EQ(budget.spent().tokens(), 2 * 98u);
  EXPECT_EQ(budget.spent().usage.generated, 80u);
}

TEST(Budget, SendsNothingOnceItsTimeHasPassed) {
  ManualClock clock;
  Budget budget({.max_seconds = 10}, clock);
  auto held = std::make_unique<HeldModel>(TokenUsage{1, 0, 0, 1});
  HeldModel& model = *held;
  BudgetedModel budgeted(std::move(held), budget, std::nullopt);
  Outcomes outcomes;
  budgeted.submit(a_request(), {}, outcomes.count());
  clock.advance(std::chrono::seconds(11));
  budgeted.submit(a_request(), {}, outcomes.count());
  answer_until(model, outcomes, 2);
  EXPECT_EQ(model.sent(), 1u);
  EXPECT_EQ(outcomes.cancelled, 1);
  EXPECT_EQ(outcomes.answered, 1);
  EXPECT_NE(budget.met().find("10 s"), std::string::npos);
  EXPECT_NE(budget.met().find("raise --max-time to resume"), std::string::npos);
}

TEST(Budget, CountsTheTimeOfEarlierSessions) {
  ManualClock clock;
  Spent before;
  before.seconds = 8;
  Budget budget({.max_seconds = 10}, clock, before);
  EXPECT_EQ(budget.reserve({.tokens = 1}), Budget::Permission::yes);
  clock.advance(std::chrono::milliseconds(1900));
  EXPECT_EQ(budget.reserve({.tokens = 1}), Budget::Permission::yes);
  clock.advance(std::chrono::milliseconds(100));
  EXPECT_EQ(budget.reserve({.tokens = 1}), Budget::Permission::never);
}

TEST(Budget, CountsWhatIsToldLaterThatEarlierSessionsHaveSpent) {
  ManualClock clock;
  Budget budget({.max_tokens = 100}, clock);
  Spent earlier;
  earlier.usage = {.prompt = 80, .generated = 15};
  budget.count_earlier(earlier);
  EXPECT_EQ(budget.spent().tokens(), 95u);
  EXPECT_EQ(budget.reserve({.tokens = 6}), Budget::Permission::never);
  EXPECT_NE(budget.met().find("raise --max-tokens to resume"), std::string::npos);
}

TEST(Budget, AStoppedRequestDoesNotWaitForRoom) {
  ManualClock clock;
  Budget budget({.max_tokens = 200}, clock);
  auto held = std::make_unique<HeldModel>(TokenUsage{1, 0, 0, 1});
  HeldModel& model = *held;
  BudgetedModel budgeted(std::move(held), budget, std::nullopt);
  Outcomes outcomes;
  std::stop_source stop;
  budgeted.submit(a_request(), {}, outcomes.count());
  budgeted.submit(a_request(), stop.get_token(), outcomes.count());
  EXPECT_EQ(outcomes.cancelled, 0);
  stop.request_stop();
  EXPECT_TRUE(eventually([&] { return outcomes.cancelled == 1; }));
  EXPECT_TRUE(budget.met().empty());
  model.answer_all();
}

TEST(Budget, LetsAModelsFiguresThrough) {
  struct Figured final : ChatModel {
    ModelInfo info() const override { return {.name = "figured", .identity = "figured"}; }
    void submit(ChatRequest, std::stop_token, Done done) override { done({}); }
    std::optional<EndpointFigures> endpoint_figures() const override {
      return EndpointFigures{.retries = 7};
    }
  };
  ManualClock clock;
  Budget budget({}, clock);
  BudgetedModel figured(std::make_unique<Figured>(), budget, std::nullopt);
  BudgetedModel held(std::make_unique<HeldModel>(TokenUsage{}), budget, std::nullopt);
  ASSERT_TRUE(figured.endpoint_figures());
  EXPECT_EQ(figured.endpoint_figures()->retries, 7u);
  EXPECT_FALSE(held.endpoint_figures());
}

TEST(Budget, HandsOnWhatTheModelThrowsAndGivesTheReservationBack) {
  ManualClock clock;
  Budget budget({.max_tokens = 200}, clock);
  auto held = std::make_unique<HeldModel>(TokenUsage{58, 0, 0, 100});
  HeldModel& model = *held;
  model.throws_at = 100;
  BudgetedModel budgeted(std::move(held), budget, std::nullopt);
  Outcomes outcomes;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THROW(budgeted.submit(a_request(), {}, outcomes.count()), Error);
  }
  budgeted.submit(a_request(101), {}, outcomes.count());
  EXPECT_EQ(model.sent(), 1u) << "159 of 200 tokens, were nothing lost to the three before";
  model.answer_all();
  EXPECT_EQ(outcomes.answered, 1);
  EXPECT_EQ(outcomes.cancelled, 0) << "a request that was not taken has no reply";
  EXPECT_EQ(budget.spent().tokens(), 158u);
  // And its destructor returns.
}

TEST(Budget, AnswersWaitingRequestsThatTheModelDoesNotTake) {
  ManualClock clock;
  Budget budget({.max_tokens = 400}, clock);
  auto held = std::make_unique<HeldModel>(TokenUsage{1, 0, 0, 1});
  HeldModel& model = *held;
  model.throws_at = 200;
  BudgetedModel budgeted(std::move(held), budget, std::nullopt);
  Outcomes outcomes;
  // Filled by whichever thread finds room first: this one, or the budgeted model's own.
  std::mutex mutex;
  std::vector<ChatFailure> failures;
  const auto failed = [&] {
    std::lock_guard lock(mutex);
    return failures.size();
  };
  budgeted.submit(a_request(300), {}, outcomes.count());
  for (int i = 0; i < 2; ++i) {
    budgeted.submit(a_request(200), {}, [&](ChatReply reply) {
      ASSERT_TRUE(reply.failure);
      std::lock_guard lock(mutex);
      failures.push_back(*reply.failure);
    });
    budgeted.submit(a_request(), {}, outcomes.count());
  }
  EXPECT_EQ(model.sent(), 1u);
  EXPECT_EQ(failed(), 0u) << "they wait";
  model.answer_all();
  ASSERT_TRUE(
      eventually([&] { return model.answer_all(), outcomes.answered == 3 && failed() == 2; }));
  std::lock_guard lock(mutex);
  for (const ChatFailure& failure : failures) {
    EXPECT_EQ(failure.code, ErrorCode::invalid);
    EXPECT_EQ(failure.message, "too long");
    EXPECT_EQ(failure.hint, "cut");
  }
  EXPECT_EQ(budget.spent().tokens(), 6u);
}

TEST(PromptEstimate, LearnsTheHighestRatioSeenAndStaysAboveIt) {
  PromptEstimate estimate;
  ChatRequest request = a_request();
  EXPECT_EQ(estimate.tokens(request), 58u);
  estimate.learn(request, 21);  // a quarter
  EXPECT_GE(estimate.tokens(request), 21u);
  EXPECT_LT(estimate.tokens(request), 58u);
  estimate.learn(request, 42);
  EXPECT_GE(estimate.tokens(request), 42u);
}

}  // namespace
}  // namespace iago

#include "spend/budgeted_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "chat/reply.h"

namespace iago {
namespace {

// Keeps what it is given until it is told to send it, and what was sent until it is told to answer:
// like a server's client with a limit of its own.
class PatientModel final : public ChatModel {
 public:
  ModelInfo info() const override { return {.name = "patient", .identity = "patient"}; }
  void submit(ChatRequest request, std::stop_token, Done done) override {
    std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(request), std::move(done)});
  }
  // Asks for the first `count` of those that wait, in their order, and sends those that may go.
  void send(std::size_t count) {
    for (; count > 0; --count) {
      Item item;
      {
        std::lock_guard lock(mutex_);
        if (waiting_.empty()) return;
        item = std::move(waiting_.front());
        waiting_.pop_front();
      }
      if (may_be_sent(item.request)) {
        std::lock_guard lock(mutex_);
        sent_.push_back(std::move(item));
      } else {
        item.done(failed_reply(withdrawn()));
      }
    }
  }
  void answer(const TokenUsage& usage, std::size_t count = 1) {
    answer_with(count, [&] {
      ChatReply reply;
      reply.usage = usage;
      return reply;
    });
  }
  template <typename Make>
  void answer_with(std::size_t count, Make make) {
    for (; count > 0; --count) {
      Item item;
      {
        std::lock_guard lock(mutex_);
        if (sent_.empty()) return;
        item = std::move(sent_.front());
        sent_.pop_front();
      }
      item.done(make());
    }
  }
  std::size_t waiting() const {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  std::size_t under_way() const {
    std::lock_guard lock(mutex_);
    return sent_.size();
  }
  std::vector<std::string> sent_ids() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> ids;
    for (const Item& item : sent_) ids.push_back(item.request.id);
    return ids;
  }

 private:
  struct Item {
    ChatRequest request;
    Done done;
  };
  mutable std::mutex mutex_;
  std::deque<Item> waiting_, sent_;
};

struct Door {
  explicit Door(BudgetLimits limits, std::optional<TokenPrice> price = std::nullopt,
                Counting counting = Counting::tokens)
      : budget(limits, clock) {
    auto owned = std::make_unique<PatientModel>();
    model = owned.get();
    door = std::make_unique<BudgetedModel>(std::move(owned), budget, price, counting);
  }
  // A prompt of 58 tokens by the first estimate, and at most `max_tokens` of a reply.
  void ask(int max_tokens = 100, std::size_t bytes = 84) {
    ChatRequest request;
    request.id = std::to_string(asked++);
    request.messages = {{Role::user, std::string(bytes, 'a')}};
    request.sampling.max_tokens = max_tokens;
    door->submit(std::move(request), {}, [this](ChatReply reply) {
      std::lock_guard lock(mutex);
      if (!reply.failure) {
        ++answered;
      } else if (reply.failure->code == ErrorCode::cancelled) {
        ++cancelled;
        last_message = reply.failure->message;
      } else {
        ++failed;
      }
    });
  }

  // The model's own thread looks after its queue, too: what it takes from there reaches the model
  // below, or its end, a moment later.
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 60'000 && !condition(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return condition();
  }
  bool ends(int all) {
    return eventually([&] { return answered + cancelled + failed == all; });
  }

  ManualClock clock;
  Budget budget;
  PatientModel* model;
  std::mutex mutex;
  int asked = 0;
  std::atomic<int> answered = 0, cancelled = 0, failed = 0;
  std::string last_message;
  std::unique_ptr<BudgetedModel> door;  // last: its callbacks use the above
};

TEST(BudgetedModel, ReservesAsMuchAsTheLongestReplySoFarTook) {
  Door door({.max_tokens = 10'000});
  for (int i = 0; i < 20; ++i) door.ask();
  EXPECT_EQ(door.model->waiting(), 20u) << "158 tokens each";
  door.model->send(1);
  door.model->answer({.prompt = 20, .generated = 3000});
  // Each of the others may take 3000 as well: of 6980 that are left, two fit.
  door.model->send(19);
  EXPECT_EQ(door.model->under_way(), 2u);
  EXPECT_EQ(door.model->waiting(), 0u);
  door.model->answer({.prompt = 20, .generated = 3000}, 2);
  EXPECT_EQ(door.model->under_way(), 0u);
  EXPECT_TRUE(door.ends(20));
  EXPECT_EQ(door.answered, 3);
  EXPECT_EQ(door.cancelled, 17);
  EXPECT_EQ(door.budget.spent().tokens(), 9060u);
  EXPECT_EQ(door.budget.figures().passed(), "");
  EXPECT_EQ(door.budget.figures().overruns.replies, 3u);
  EXPECT_EQ(door.budget.figures().overruns.most, 3000u);
  EXPECT_EQ(door.budget.figures().overruns.limit, 100u);
}

TEST(BudgetedModel, ExceedsALimitByNoMoreThanWasUnderWayWhenTheFirstSuchReplyCame) {
  Door door({.max_tokens = 10'000});
  for (int i = 0; i < 60; ++i) door.ask();
  door.model->send(16);
  ASSERT_EQ(door.model->under_way(), 16u);
  const TokenUsage dear{.prompt = 20, .generated = 3000};
  door.model->answer(dear);
  while (door.model->under_way() > 0 || door.model->waiting() > 0) {
    door.model->send(1);
    EXPECT_LE(door.model->under_way(), 15u) << "nothing new beside those";
    door.model->answer(dear);
  }
  EXPECT_TRUE(door.ends(60));
  EXPECT_EQ(door.answered, 16);
  EXPECT_EQ(door.cancelled, 44);
  EXPECT_EQ(door.budget.spent().tokens(), 16 * 3020u);
  EXPECT_NE(door.budget.figures().passed().find("48320 of the 10000 tokens"), std::string::npos);
}

TEST(BudgetedModel, CancelsWhatWaitsInTheModelOnceTheBudgetIsOver) {
  Door door({.max_seconds = 10});
  for (int i = 0; i < 4; ++i) door.ask();
  door.model->send(2);
  door.clock.advance(std::chrono::seconds(11));
  door.model->send(2);
  EXPECT_EQ(door.cancelled, 2);
  EXPECT_NE(door.last_message.find("raise --max-time to resume"), std::string::npos);
  door.model->answer({.prompt = 1, .generated = 1}, 2);
  EXPECT_EQ(door.answered, 2);
}

TEST(BudgetedModel, SendsWhatWasPutBackInItsOldOrder) {
  Door door({.max_tokens = 4000});
  for (int i = 0; i < 6; ++i) door.ask();
  door.model->send(1);
  door.model->answer({.prompt = 20, .generated = 900});
  // Each of the others may take 900 as well. Of the 3080 tokens that are left three fit, so the two
  // that are to be sent first go back and wait.
  door.model->send(5);
  EXPECT_THAT(door.model->sent_ids(), testing::ElementsAre("3", "4", "5"));
  for (const char* next : {"1", "2"}) {
    door.model->answer({.prompt = 20, .generated = 50});
    ASSERT_TRUE(door.eventually([&] { return door.model->waiting() == 1; }));
    door.model->send(1);
    EXPECT_EQ(door.model->sent_ids().back(), next);
  }
  door.model->answer({.prompt = 20, .generated = 50}, 3);
  EXPECT_EQ(door.answered, 6);
}

TEST(BudgetedModel, LetsAllThroughIfRepliesComeBackSmaller) {
  Door door({.max_tokens = 5000});
  for (int i = 0; i < 10; ++i) door.ask();
  door.model->send(1);
  door.model->answer({.prompt = 20, .generated = 2000});
  for (int i = 0; i < 10'000 && door.answered < 10; ++i) {
    door.model->send(10);
    door.model->answer({.prompt = 20, .generated = 5}, 10);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(door.answered, 10);
  EXPECT_EQ(door.budget.spent().tokens(), 2020u + 9 * 25u);
}

TEST(BudgetedModel, ARejectedRequestCostsNothing) {
  Door door({.max_tokens = 500});
  for (int i = 0; i < 3; ++i) door.ask();
  door.model->send(3);
  door.model->answer_with(1, [] {
    ChatReply refused;  // a content policy's 400: the model never read it
    refused.finish = Finish::refused;
    return refused;
  });
  door.model->answer_with(2, [] { return failed_reply({ErrorCode::invalid, "400"}); });
  EXPECT_EQ(door.answered, 1);
  EXPECT_EQ(door.failed, 2);
  EXPECT_EQ(door.budget.spent().charged_tokens(), 0u);
}

TEST(BudgetedModel, AFailedReplyThatWasCountedCosts) {
  Door door({.max_tokens = 500});
  door.ask();
  door.model->send(1);
  door.model->answer_with(1, [] {
    ChatReply failed = failed_reply({ErrorCode::disconnected, "an unknown finish"});
    failed.usage = {.prompt = 20, .generated = 30};
    return failed;
  });
  EXPECT_EQ(door.failed, 1);
  EXPECT_EQ(door.budget.spent().tokens(), 50u);
}

TEST(BudgetedModel, AssumesWhatAReplyDoesNotCountAndSaysSo) {
  const TokenPrice price{.input = 10, .output = 100, .cache_read = 1, .cache_write = 10};
  Door door({.max_cost = 1}, price);
  for (int i = 0; i < 3; ++i) door.ask();
  door.model->send(3);
  door.model->answer({.uncounted = 1});                   // neither
  door.model->answer({.prompt = 40, .uncounted = 1});     // the prompt alone
  door.model->answer({.generated = 70, .uncounted = 1});  // the reply alone
  const Spent spent = door.budget.spent();
  EXPECT_EQ(spent.usage.uncounted, 3u);
  EXPECT_EQ(spent.tokens(), 110u);
  EXPECT_NEAR(spent.cost, (40 * 10 + 70 * 100) / 1e6, 1e-12);
  EXPECT_GE(spent.assumed_tokens, 200u) << "two replies at their limit and two prompts";
  EXPECT_GE(spent.assumed_cost, 200 * 100 / 1e6);
}

TEST(BudgetedModel, ReservesForEachOfSeveralSamplesWhatOneOfThemTook) {
  Door door({.max_tokens = 100'000});
  for (int i = 0; i < 4; ++i) door.ask();
  door.model->send(4);
  bool first = true;
  door.model->answer_with(4, [&] {
    ChatReply reply;
    reply.billed_with_sibling = !first;
    if (first) reply.usage = {.prompt = 20, .generated = 2000}, reply.siblings = 3;
    first = false;
    return reply;
  });
  EXPECT_EQ(door.budget.figures().overruns.most, 500u);
  EXPECT_EQ(door.budget.spent().tokens(), 2020u);
}

TEST(BudgetedModel, CountsNoTokensOfAModelThatNobodyBillsAndStillKeepsTheTime) {
  Door door({.max_tokens = 10, .max_seconds = 10}, TokenPrice{}, Counting::nothing);
  for (int i = 0; i < 3; ++i) door.ask();
  door.model->send(2);
  door.model->answer({.prompt = 50, .generated = 100}, 2);
  EXPECT_EQ(door.answered, 2);
  EXPECT_EQ(door.budget.spent().charged_tokens(), 0u);
  door.clock.advance(std::chrono::seconds(11));
  door.model->send(1);
  EXPECT_EQ(door.cancelled, 1);
}

TEST(BudgetedModel, CountsTokensWithoutAPriceApart) {
  Door door({});
  door.ask();
  door.model->send(1);
  door.model->answer({.prompt = 20, .generated = 30});
  EXPECT_EQ(door.budget.spent().unpriced_tokens, 50u);
  EXPECT_EQ(door.budget.spent().cost, 0);
}

TEST(BudgetedModel, HearsOfTheCallersOwnObjection) {
  Door door({});
  ChatRequest request;
  request.id = "x";
  request.messages = {{Role::user, "a"}};
  request.may_send = [] { return false; };
  bool cancelled = false;
  door.door->submit(request, {}, [&](ChatReply reply) { cancelled = reply.failure.has_value(); });
  door.model->send(1);
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(door.budget.spent().tokens(), 0u);
}

TEST(PromptEstimate, LearnsWhatAServerPutsInFrontOfEveryPrompt) {
  ChatRequest request;
  request.messages = {{Role::user, std::string(100, 'a')}};
  PromptEstimate estimate;
  EXPECT_TRUE(estimate.learn(request, 100'000));
  EXPECT_GE(estimate.tokens(request), 100'000u);
  EXPECT_FALSE(estimate.learn(request, 90'000));
  request.messages[0].text.clear();
  EXPECT_GE(estimate.tokens(request), 99'600u);
  EXPECT_LE(estimate.tokens(request), 101'000u);
}

}  // namespace
}  // namespace iago

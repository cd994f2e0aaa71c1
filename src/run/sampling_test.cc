#include "run/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include "base/error.h"

namespace iago {
namespace {

// Answers from a thread of its own, the last request first; with a cache of prompts if asked.
class Backwards final : public ChatModel {
 public:
  Backwards() : thread_([this] { run(); }) {}
  ~Backwards() override {
    closing_ = true;
    thread_.join();
  }
  ModelInfo info() const override {
    return {.name = "backwards", .identity = "b", .caches_prompts = caches_prompts};
  }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    std::lock_guard lock(mutex_);
    if (request.id == throws_at) throw Error(ErrorCode::invalid, "too long");
    ids.push_back(request.id);
    answered_before.push_back(answered);
    waiting_.push_back({std::move(request), std::move(stop), std::move(done)});
    most_waiting = std::max(most_waiting, waiting_.size());
    ++submitted;
  }

  std::string throws_at;
  std::atomic<bool> caches_prompts{false};
  std::atomic<bool> holds_back{false};  // until a stop is requested
  std::size_t most_waiting = 0, submitted = 0;
  std::vector<std::string> ids;              // in the order of their coming
  std::vector<std::size_t> answered_before;  // each request: how many replies had been handed over

 private:
  struct Waiting {
    ChatRequest request;
    std::stop_token stop;
    Done done;
  };
  void run() {
    while (!closing_) {
      std::unique_lock lock(mutex_);
      if (waiting_.empty() || (holds_back && !waiting_.back().stop.stop_requested())) {
        lock.unlock();
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        continue;
      }
      Waiting next = std::move(waiting_.back());
      waiting_.pop_back();
      lock.unlock();
      ChatReply reply{.text = next.request.id};
      if (next.stop.stop_requested()) {
        reply = {.finish = Finish::failed};
        reply.failure = ChatFailure{ErrorCode::cancelled, "stopped"};
      }
      // Late, so that whoever does not wait for it is ahead.
      if (caches_prompts) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ++answered;
      next.done(std::move(reply));
    }
  }

  std::atomic<std::size_t> answered{0};
  std::mutex mutex_;
  std::deque<Waiting> waiting_;
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

class SampleTrials : public testing::Test {
 protected:
  SampleTrials() {
    plan_.queries.push_back({.id = "q", .text = "Open it.", .topic = {}, .labels = {}});
    plan_.prompts.push_back({.prompt = {.messages = {{Role::user, "Open it."}}, .prefill = "I"},
                             .arm = "training",
                             .query = 0,
                             .request_hash = {}});
    for (int i = 0; i < 100; ++i) plan_.trials.push_back({std::to_string(i), 0, i});
    trials_.resize(plan_.trials.size());
    std::iota(trials_.begin(), trials_.end(), std::size_t{0});
  }
  void sample(const AskLimits& limits, const std::function<void(SampledTrial)>& take) {
    sample_trials(plan_, {.temperature = 0.7, .stop = {"</OUTPUT>"}}, 11, trials_, model_, limits,
                  clock_, take, [] {});
  }

  Plan plan_;
  std::vector<std::size_t> trials_;
  Backwards model_;
  SystemClock clock_;
};

TEST_F(SampleTrials, HandsOverEveryReplyOnceWithinTheLimit) {
  std::multiset<std::string> texts;  // `take` is called by one thread at a time
  sample({.in_flight = 7}, [&](SampledTrial sampled) {
    EXPECT_EQ(sampled.reply.text, std::to_string(sampled.trial));
    EXPECT_GE(sampled.seconds, 0);
    texts.insert(sampled.reply.text);
  });
  EXPECT_EQ(texts.size(), 100u);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 100u);
  EXPECT_LE(model_.most_waiting, 7u);
}

TEST_F(SampleTrials, SendsOneTrialOfEachArmAndTheRestOnceTheCacheHasTheirBeginnings) {
  model_.caches_prompts = true;
  PlannedPrompt other = plan_.prompts[0];
  other.arm = "unmonitored";
  plan_.prompts.push_back(other);
  for (std::size_t i = 3; i < plan_.trials.size(); ++i) plan_.trials[i].prompt = i % 2;
  trials_.resize(20);
  std::size_t taken = 0;
  sample({.in_flight = 16}, [&](SampledTrial) { ++taken; });
  EXPECT_EQ(taken, 20u);
  ASSERT_EQ(model_.answered_before.size(), 20u);
  EXPECT_EQ(std::vector<std::string>(model_.ids.begin(), model_.ids.begin() + 4),
            (std::vector<std::string>{"0", "3", "1", "2"}));
  for (std::size_t i = 2; i < 20; ++i) EXPECT_GE(model_.answered_before[i], 2u) << i;
}

TEST_F(SampleTrials, SendsNothingNewOnceToldButTakesWhatIsRunning) {
  std::stop_source no_more;
  std::size_t taken = 0;
  sample({.in_flight = 3, .no_more = no_more.get_token()}, [&](SampledTrial sampled) {
    EXPECT_FALSE(sampled.reply.failure);
    if (++taken == 20) no_more.request_stop();
  });
  EXPECT_EQ(taken, model_.submitted);
  EXPECT_GE(taken, 20u);
  EXPECT_LT(taken, 30u);
}

TEST_F(SampleTrials, EndsWhatIsRunningAtOnceWhenTold) {
  model_.holds_back = true;
  std::stop_source no_more, at_once;
  std::size_t cancelled = 0;
  std::jthread interrupter([&] {
    no_more.request_stop();
    at_once.request_stop();
  });
  sample({.in_flight = 5, .no_more = no_more.get_token(), .at_once = at_once.get_token()},
         [&](SampledTrial sampled) { cancelled += sampled.reply.failure.has_value(); });
  EXPECT_EQ(cancelled, model_.submitted);
  EXPECT_LE(cancelled, 5u);
}

TEST_F(SampleTrials, ThrowsWhatTakeThrewOnceItHasTakenWhatWasRunning) {
  std::size_t taken = 0;
  auto take = [&](SampledTrial sampled) {
    EXPECT_FALSE(sampled.reply.failure) << "nothing is cut off";
    if (++taken == 10) throw Error(ErrorCode::disconnected, "the disk is full");
    if (taken > 10) throw Error(ErrorCode::invalid, "a later error");
  };
  try {
    sample({.in_flight = 4}, take);
    FAIL() << "the error was lost";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::disconnected);
  }
  EXPECT_EQ(taken, model_.submitted) << "each running request was paid for";
  EXPECT_LT(model_.submitted, 20u) << "nothing new is sent after an error";
}

TEST_F(SampleTrials, EndsWhatIsRunningWhenAnErrorsTimeOfGraceHasPassed) {
  std::size_t cancelled = 0;
  auto take = [&](SampledTrial sampled) {
    if (sampled.reply.failure) {
      ++cancelled;
      return;
    }
    model_.holds_back = true;
    throw Error(ErrorCode::disconnected, "no credit is left");
  };
  EXPECT_THROW(sample({.in_flight = 4, .grace = std::chrono::milliseconds(50)}, take), Error);
  EXPECT_EQ(cancelled, model_.submitted - 1);
  EXPECT_LE(cancelled, 4u);
}

TEST_F(SampleTrials, ThrowsWhatTickThrewOnceItHasTakenWhatWasRunning) {
  model_.holds_back = true;  // until the time of grace has passed
  std::size_t taken = 0, ticks = 0;
  const auto tick = [&] {
    if (++ticks == 1) throw Error(ErrorCode::disconnected, "the disk is full");
  };
  EXPECT_THROW(
      sample_trials(
          plan_, {}, 11, trials_, model_, {.in_flight = 3, .grace = std::chrono::milliseconds(50)},
          clock_, [&](const SampledTrial&) { ++taken; }, tick),
      Error);
  EXPECT_EQ(model_.submitted, 3u) << "nothing new after the error";
  EXPECT_EQ(taken, 3u) << "no callback outlives the call";
}

TEST_F(SampleTrials, ThrowsWhatTheModelThrew) {
  model_.throws_at = "42";
  std::size_t taken = 0;
  EXPECT_THROW(sample({.in_flight = 4}, [&](SampledTrial) { ++taken; }), Error);
  EXPECT_EQ(model_.submitted, 42u);
  EXPECT_EQ(taken, 42u);
}

TEST_F(SampleTrials, AsksForWhatThePlanAndTheStudySay) {
  ChatRequest request =
      request_of(plan_, plan_.trials[3], {.temperature = 0.7, .max_tokens = 9, .stop = {"x"}}, 11);
  EXPECT_EQ(request.id, "3");
  EXPECT_EQ(request.seed, 11u);
  EXPECT_EQ(request.prefill, "I");
  EXPECT_EQ(request.messages, plan_.prompts[0].prompt.messages);
  EXPECT_EQ(request.sampling.temperature, 0.7);
  EXPECT_EQ(request.sampling.max_tokens, 9);
  EXPECT_EQ(request.sampling.stop, std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace iago

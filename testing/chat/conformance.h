// What every ChatModel owes its callers, as tests. A client's test file instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Scripted, ChatModelConformance,
//   testing::Values(ConformanceSubject{...}));
//
// For test files only, and in one file per test executable (it defines its tests).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "chat/chat_model.h"

namespace iago {

struct ConformanceSubject {
  std::string name;
  std::function<std::unique_ptr<ChatModel>()> make;
  // Answered by the model with at least four tokens that end in Finish::stop, without a prefill.
  ChatRequest request;
  // A beginning of the assistant's turn that the model continues; empty if it cannot.
  std::string prefill;
  // The same (seed, id) gives the same reply.
  bool deterministic = true;
};

inline void PrintTo(const ConformanceSubject& subject, std::ostream* out) { *out << subject.name; }

// Collects replies that come from any thread.
class ReplyCollector {
 public:
  // A callback for the request called `id`.
  ChatModel::Done expect(const std::string& id) {
    return [this, id](ChatReply reply) {
      std::lock_guard lock(mutex_);
      replies_[id].push_back(std::move(reply));
      ++count_;
      changed_.notify_all();
    };
  }
  // Waits until `count` replies have come; false after a minute.
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return count_ >= count; });
  }
  std::map<std::string, std::vector<ChatReply>> replies() {
    std::lock_guard lock(mutex_);
    return replies_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<ChatReply>> replies_;
  std::size_t count_ = 0;
};

class ChatModelConformance : public testing::TestWithParam<ConformanceSubject> {
 protected:
  std::unique_ptr<ChatModel> make() const { return GetParam().make(); }
  ChatRequest request(const std::string& id = "conformance") const {
    ChatRequest request = GetParam().request;
    request.id = id;
    return request;
  }
  // What holds of every reply, whatever it says.
  static void expect_sound(const ChatReply& reply) {
    EXPECT_EQ(reply.finish == Finish::failed, reply.failure.has_value());
    if (!reply.reasoning.empty()) {
      EXPECT_EQ(reply.reasoning_channel, ReasoningChannel::present);
    }
  }
  static void expect_answered_or_cancelled(const ChatReply& reply) {
    expect_sound(reply);
    if (reply.failure) {
      EXPECT_EQ(reply.failure->code, ErrorCode::cancelled);
    }
  }
};

TEST_P(ChatModelConformance, TellsItsNameAndAnIdentityThatStays) {
  auto first = make(), second = make();
  EXPECT_FALSE(first->info().name.empty());
  EXPECT_FALSE(first->info().identity.empty());
  EXPECT_GE(first->info().in_flight, 1u);
  EXPECT_EQ(first->info().identity, second->info().identity);
}

TEST_P(ChatModelConformance, AnswersItsSampleRequest) {
  auto model = make();
  ChatReply reply = ask(*model, request());
  expect_sound(reply);
  ASSERT_FALSE(reply.failure) << reply.failure->message;
  EXPECT_EQ(reply.finish, Finish::stop);
  EXPECT_FALSE(reply.text.empty());
  EXPECT_GE(reply.usage.generated, 4u);
  EXPECT_LE(reply.usage.generated, static_cast<std::uint64_t>(request().sampling.max_tokens));
  EXPECT_GT(reply.usage.prompt, 0u);
}

TEST_P(ChatModelConformance, CallsBackExactlyOncePerRequestFromSeveralThreads) {
  constexpr int kThreads = 4, kEach = 8;
  ReplyCollector collector;
  {
    auto model = make();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          std::string id = std::to_string(t) + "/" + std::to_string(i);
          model->submit(request(id), {}, collector.expect(id));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(collector.wait_for(kThreads * kEach));
  }
  auto replies = collector.replies();
  ASSERT_EQ(replies.size(), static_cast<std::size_t>(kThreads * kEach));
  for (const auto& [id, all] : replies) {
    ASSERT_EQ(all.size(), 1u) << id;
    expect_sound(all[0]);
    EXPECT_FALSE(all[0].failure) << id << ": " << all[0].failure->message;
  }
}

TEST_P(ChatModelConformance, AcceptsANewRequestFromWithinACallback) {
  ReplyCollector collector;
  auto model = make();
  auto second = collector.expect("second");
  model->submit(request("first"), {},
                [&](ChatReply) { model->submit(request("second"), {}, second); });
  EXPECT_TRUE(collector.wait_for(1));
}

TEST_P(ChatModelConformance, RepliesSoonAfterAStop) {
  ReplyCollector collector;
  auto model = make();
  std::stop_source stop;
  for (int i = 0; i < 16; ++i) {
    std::string id = std::to_string(i);
    model->submit(request(id), stop.get_token(), collector.expect(id));
  }
  stop.request_stop();
  model->submit(request("late"), stop.get_token(), collector.expect("late"));
  ASSERT_TRUE(collector.wait_for(17));
  for (const auto& [id, all] : collector.replies()) {
    ASSERT_EQ(all.size(), 1u) << id;
    expect_answered_or_cancelled(all[0]);
  }
}

TEST_P(ChatModelConformance, StopsOneRequestWithoutTheOthers) {
  ReplyCollector collector;
  auto model = make();
  std::stop_source stop;
  stop.request_stop();
  model->submit(request("stopped"), stop.get_token(), collector.expect("stopped"));
  model->submit(request("kept"), {}, collector.expect("kept"));
  ASSERT_TRUE(collector.wait_for(2));
  auto replies = collector.replies();
  expect_answered_or_cancelled(replies["stopped"].at(0));
  EXPECT_FALSE(replies["kept"].at(0).failure);
}

TEST_P(ChatModelConformance, GivesEveryPendingReplyBeforeItsDestructorReturns) {
  constexpr std::size_t kPending = 16;
  ReplyCollector collector;
  {
    auto model = make();
    for (std::size_t i = 0; i < kPending; ++i) {
      std::string id = std::to_string(i);
      model->submit(request(id), {}, collector.expect(id));
    }
  }
  auto replies = collector.replies();
  ASSERT_EQ(replies.size(), kPending);
  for (const auto& [id, all] : replies) {
    ASSERT_EQ(all.size(), 1u) << id;
    expect_answered_or_cancelled(all[0]);
  }
}

TEST_P(ChatModelConformance, AnswersAsCancelledWhatMayNotBeSent) {
  ReplyCollector collector;
  auto model = make();
  std::atomic<int> asked = 0;
  ChatRequest refused = request("refused"), withdrawn = request("withdrawn");
  refused.may_send = [&] { return ++asked < 0; };
  std::stop_source no_more;
  no_more.request_stop();
  withdrawn.no_more = no_more.get_token();
  ChatRequest free = request("free");
  free.may_send = [&] { return ++asked > 0; };
  model->submit(refused, {}, collector.expect("refused"));
  model->submit(withdrawn, {}, collector.expect("withdrawn"));
  model->submit(free, {}, collector.expect("free"));
  ASSERT_TRUE(collector.wait_for(3));
  auto replies = collector.replies();
  for (const char* id : {"refused", "withdrawn"}) {
    ASSERT_EQ(replies[id].size(), 1u) << id;
    ASSERT_TRUE(replies[id][0].failure) << id;
    EXPECT_EQ(replies[id][0].failure->code, ErrorCode::cancelled) << id;
    EXPECT_EQ(replies[id][0].usage, TokenUsage()) << id;
  }
  EXPECT_FALSE(replies["free"].at(0).failure);
  EXPECT_GE(asked, 2);
}

TEST_P(ChatModelConformance, EndsTheReplyBeforeAStopString) {
  auto model = make();
  ChatRequest plain = request();
  std::string whole = ask(*model, plain).text;
  ASSERT_GE(whole.size(), 4u);
  std::string stop = whole.substr(whole.size() / 2, 3);
  ChatRequest stopping = plain;
  stopping.sampling.stop = {"\x01 never said", stop};
  ChatReply reply = ask(*model, stopping);
  ASSERT_FALSE(reply.failure);
  EXPECT_EQ(reply.finish, Finish::stop);
  EXPECT_EQ(reply.text.find(stop), std::string::npos) << reply.text;
  if (GetParam().deterministic) {
    EXPECT_EQ(reply.text, whole.substr(0, whole.find(stop)));
  }
}

TEST_P(ChatModelConformance, SaysLengthWhenTheTokensRunOut) {
  auto model = make();
  ChatRequest plain = request(), brief = plain;
  brief.sampling.max_tokens = 2;
  ChatReply whole = ask(*model, plain), reply = ask(*model, brief);
  ASSERT_FALSE(reply.failure);
  EXPECT_EQ(reply.finish, Finish::length);
  EXPECT_LE(reply.usage.generated, 2u);
  if (GetParam().deterministic) {
    EXPECT_TRUE(whole.text.starts_with(reply.text)) << reply.text << " | " << whole.text;
    EXPECT_LT(reply.text.size(), whole.text.size());
  }
}

TEST_P(ChatModelConformance, SaysTheSameForTheSameSeedAndIdInAnyOrder) {
  if (!GetParam().deterministic) GTEST_SKIP() << "not promised by this model";
  auto one = make(), other = make();
  std::vector<std::string> forward, backward;
  for (int i = 0; i < 8; ++i) forward.push_back(ask(*one, request(std::to_string(i))).text);
  for (int i = 7; i >= 0; --i) backward.push_back(ask(*other, request(std::to_string(i))).text);
  std::ranges::reverse(backward);
  EXPECT_EQ(forward, backward);
}

TEST_P(ChatModelConformance, DoesNotRepeatThePrefill) {
  if (GetParam().prefill.empty()) GTEST_SKIP() << "this model takes no prefill";
  auto model = make();
  ChatRequest prefilled = request();
  prefilled.prefill = GetParam().prefill;
  ChatReply reply = ask(*model, prefilled);
  ASSERT_FALSE(reply.failure) << reply.failure->message;
  EXPECT_FALSE(reply.text.empty());
  EXPECT_FALSE(reply.text.starts_with(prefilled.prefill)) << reply.text;
}

TEST_P(ChatModelConformance, TellsTheTextOfItsReplyInPieces) {
  auto model = make();
  ChatRequest plain = request();
  std::string whole = ask(*model, plain).text;
  ASSERT_GE(whole.size(), 4u);
  ChatRequest stopping = plain, brief = plain, prefilled = plain;
  stopping.sampling.stop = {whole.substr(whole.size() / 2, 3), whole.substr(whole.size() / 2, 2)};
  brief.sampling.max_tokens = 3;
  prefilled.prefill = GetParam().prefill;
  for (ChatRequest asked : {plain, stopping, brief, prefilled}) {
    std::string told;
    bool empty_piece = false;
    asked.on_text = [&](std::string_view piece) {
      told += piece;
      empty_piece = empty_piece || piece.empty();
    };
    ChatReply reply = ask(*model, asked);
    ASSERT_FALSE(reply.failure) << reply.failure->message;
    EXPECT_EQ(told, reply.text);
    EXPECT_FALSE(empty_piece);
  }
}

TEST_P(ChatModelConformance, TellsNothingAfterTheReply) {
  ReplyCollector collector;
  std::atomic<int> late = 0;
  auto model = make();
  std::stop_source stop;
  for (int i = 0; i < 8; ++i) {
    std::string id = std::to_string(i);
    auto replied = std::make_shared<std::atomic<bool>>(false);
    ChatRequest asked = request(id);
    asked.on_text = [&late, replied](std::string_view) { late += *replied ? 1 : 0; };
    auto done = collector.expect(id);
    model->submit(asked, stop.get_token(), [replied, done](ChatReply reply) {
      *replied = true;
      done(std::move(reply));
    });
  }
  stop.request_stop();
  ASSERT_TRUE(collector.wait_for(8));
  model.reset();
  EXPECT_EQ(late, 0);
}

TEST_P(ChatModelConformance, NamesAsManyTokensAsLogProbabilities) {
  auto model = make();
  ChatRequest asked = request();
  asked.sampling.logprobs = true;
  ChatReply reply = ask(*model, asked);
  ASSERT_FALSE(reply.failure) << reply.failure->message;
  EXPECT_TRUE(reply.token_texts.empty() || reply.token_texts.size() == reply.token_logprobs.size());
}

TEST_P(ChatModelConformance, RejectsWhatNoModelCanServeAndDoesNotCallBack) {
  auto model = make();
  std::vector<ChatRequest> bad(8, request());
  bad[0].messages.clear();
  bad[1].messages.push_back({Role::assistant, "I end this conversation."});
  bad[2].sampling.max_tokens = 0;
  bad[3].sampling.top_p = 0;
  bad[4].sampling.temperature = -1;
  bad[5].sampling.stop = {""};
  bad[6].id.clear();
  bad[7].sampling.top_k = -1;
  std::atomic<int> called = 0;
  for (std::size_t i = 0; i < bad.size(); ++i) {
    try {
      model->submit(bad[i], {}, [&](ChatReply) { ++called; });
      ADD_FAILURE() << "request " << i << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid) << i;
    }
  }
  model.reset();
  EXPECT_EQ(called, 0);
}

}  // namespace iago

// When an endpoint asks whether it may still send, what it counts, and how much it reads.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "chat/internal/wire_call.h"
#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000 && !condition(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return condition();
}

// Collects how requests ended.
struct Ends {
  ChatModel::Done note() {
    return [this](ChatReply reply) {
      if (!reply.failure) {
        ++answered;
      } else if (reply.failure->code == ErrorCode::cancelled) {
        ++cancelled;
      } else {
        ++failed;
      }
    };
  }
  int all() const { return answered + cancelled + failed; }
  std::atomic<int> answered = 0, cancelled = 0, failed = 0;
};

TEST(EndpointPermission, IsAskedWhenARequestIsSentAndNotWhileItWaitsForAPlace) {
  EndpointOptions options = quick();
  options.max_in_flight = options.first_in_flight = 2;
  std::atomic<bool> go_on = true, silent = true;
  Scene scene(EndpointKind::openai, options,
              [&](const HttpRequest& http, int) -> std::optional<HttpResponse> {
                while (silent) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                return SmallServer::openai(http);
              });
  Ends ends;
  for (int i = 0; i < 10; ++i) {
    ChatRequest request = about("Please light the lamp.", std::to_string(i));
    request.may_send = [&] { return go_on.load(); };
    scene.model->submit(request, {}, ends.note());
  }
  ASSERT_TRUE(eventually([&] { return scene.transport->seen().size() == 2; }));
  go_on = false;
  silent = false;
  ASSERT_TRUE(eventually([&] { return ends.all() == 10; }));
  EXPECT_EQ(ends.answered, 2);
  EXPECT_EQ(ends.cancelled, 8);
  EXPECT_EQ(scene.transport->seen().size(), 2u);
}

TEST(EndpointPermission, IsAskedBeforeEachAttempt) {
  std::atomic<int> asked = 0;
  Scene scene(EndpointKind::openai, quick(), after(9, status(503)));
  ChatRequest request = about();
  request.may_send = [&] { return ++asked <= 2; };
  ChatReply reply = scene.ask(request);
  ASSERT_TRUE(reply.failure);
  EXPECT_EQ(reply.failure->code, ErrorCode::cancelled);
  EXPECT_EQ(scene.transport->seen().size(), 2u);
}

TEST(EndpointPermission, IsAskedForEachOfSeveralSamples) {
  EndpointOptions options = quick();
  options.samples_per_request = 4;
  options.max_in_flight = options.first_in_flight = 1;
  std::atomic<bool> silent = true;
  Scene scene(EndpointKind::openai, options,
              [&](const HttpRequest& http, int) -> std::optional<HttpResponse> {
                while (silent) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                return SmallServer::openai(http);
              });
  Ends ends;
  scene.model->submit(about("Another prompt.", "first"), {}, ends.note());
  ASSERT_TRUE(eventually([&] { return scene.transport->seen().size() == 1; }));
  std::atomic<std::uint64_t> siblings = 0;
  for (int i = 0; i < 4; ++i) {
    ChatRequest request = about("Please light the lamp.", std::to_string(i));
    request.may_send = [i] { return i != 2; };
    scene.model->submit(request, {}, [&, note = ends.note()](ChatReply reply) {
      siblings += reply.siblings;
      note(std::move(reply));
    });
  }
  silent = false;
  ASSERT_TRUE(eventually([&] { return ends.all() == 5; }));
  EXPECT_EQ(ends.answered, 4);
  EXPECT_EQ(ends.cancelled, 1);
  EXPECT_EQ(scene.sent(1).value("n", 1), 3);
  EXPECT_EQ(siblings, 2u) << "the first has the bill of the two others";
}

TEST(EndpointPermission, NoMoreEndsWhatWaitsToBeTriedAgainAndNotWhatIsUnderWay) {
  EndpointOptions options = quick();
  options.retry.first_wait = options.retry.max_wait = std::chrono::minutes(20);
  std::atomic<bool> silent = true;
  Scene scene(EndpointKind::openai, options,
              [&](const HttpRequest& http, int number) -> std::optional<HttpResponse> {
                if (number == 0) return HttpResponse{500, {}, "", {}};
                for (int i = 0; silent && i < 6000; ++i) {
                  std::this_thread::sleep_for(std::chrono::milliseconds(1));
                }
                return SmallServer::openai(http);
              });
  std::stop_source no_more;
  Ends ends;
  for (const char* id : {"a", "b"}) {
    ChatRequest request = about("Please light the lamp.", id);
    request.no_more = no_more.get_token();
    scene.model->submit(request, {}, ends.note());
  }
  ASSERT_TRUE(eventually([&] { return scene.model->figures().retries == 1; }));
  EXPECT_EQ(ends.all(), 0);
  no_more.request_stop();
  ASSERT_TRUE(eventually([&] { return ends.cancelled == 1; })) << "not in ten minutes";
  silent = false;
  ASSERT_TRUE(eventually([&] { return ends.answered == 1; }));
}

TEST(EndpointUsage, TellsAReplyWithoutACountFromARequestThatWasRefused) {
  EXPECT_EQ(reply_to(said({{"content", "A"}})).usage.uncounted, 1u);
  const Json usage = {{"prompt_tokens", 2}, {"completion_tokens", 1}};
  EXPECT_EQ(reply_to(said({{"content", "A"}}, "stop", usage)).usage.uncounted, 0u);
  ChatReply refused = reply_to(openai_error(400, "content_policy_violation")());
  EXPECT_EQ(refused.finish, Finish::refused);
  EXPECT_EQ(refused.usage, TokenUsage()) << "the model never read it";
}

TEST(EndpointBound, FollowsFromTheLimitOfTokens) {
  constexpr std::size_t kMost = std::size_t{64} << 20, kMiB = std::size_t{1} << 20;
  ChatRequest request = about();
  request.sampling.max_tokens = 1;
  EXPECT_EQ(reply_bound(request, 1, kMost), kMiB + 2048);
  request.sampling.max_tokens = 512;
  EXPECT_EQ(reply_bound(request, 1, kMost), 2 * kMiB);
  EXPECT_EQ(reply_bound(request, 4, kMost), 8 * kMiB);
  EXPECT_EQ(reply_bound(request, 128, kMost), kMost);
  request.sampling.max_tokens = std::numeric_limits<int>::max();
  EXPECT_EQ(reply_bound(request, 1, kMost), kMost);
  EXPECT_EQ(reply_bound(request, 128, 4096), 4096u);
}

TEST(EndpointBound, GoesWithEveryRequest) {
  std::size_t bound = 0;
  Scene scene(EndpointKind::openai, quick(), [&](const HttpRequest& http, int) {
    bound = http.max_response_bytes;
    return std::optional(failed_response(HttpFault::too_large, "expected at most N bytes"));
  });
  ChatRequest request = about();
  request.sampling.max_tokens = 512;
  ChatReply reply = scene.ask(request);
  EXPECT_EQ(bound, std::size_t{2} << 20);
  ASSERT_TRUE(reply.failure);
  EXPECT_EQ(reply.failure->cause, OpenCause::unreadable);
  EXPECT_FALSE(reply.failure->ends_run);
  EXPECT_NE(reply.failure->hint.find("max_tokens"), std::string::npos);
  EXPECT_EQ(scene.transport->seen().size(), 1u) << "it would be no shorter";
}

TEST(EndpointBound, WantOfMemoryOrFilesIsTriedAgainAndCountedApart) {
  for (HttpFault fault : {HttpFault::crowded, HttpFault::no_files}) {
    Scene scene(EndpointKind::openai, quick(), after(2, [=] { return failed_response(fault); }));
    EXPECT_EQ(scene.ask().text, kSmallModelSays);
    const EndpointFigures figures = scene.model->figures();
    EXPECT_EQ(figures.retries, 2u);
    EXPECT_EQ(figures.crowded, fault == HttpFault::crowded ? 2u : 0u);
    EXPECT_EQ(figures.no_files, fault == HttpFault::no_files ? 2u : 0u);
    EXPECT_EQ(figures.overloaded, 0u) << "the server is not to blame";
  }
  Scene scene(EndpointKind::openai, quick(),
              after(9, [] { return failed_response(HttpFault::no_files, "16 files"); }));
  ChatReply reply = scene.ask();
  ASSERT_TRUE(reply.failure);
  EXPECT_NE(reply.failure->message.find("16 files"), std::string::npos);
  EXPECT_NE(reply.failure->hint.find("ulimit -n"), std::string::npos);
}

TEST(EndpointBound, TellsTheTransportWhatAStreamHolds) {
  std::size_t held = 0;
  Scene scene(EndpointKind::openai, quick(), [&](const HttpRequest& http, int) {
    held = http.held_bytes ? http.held_bytes() : 1;
    return std::optional(SmallServer::openai(http));
  });
  ChatRequest request = about();
  request.on_text = [](std::string_view) {};
  EXPECT_EQ(scene.ask(request).text, kSmallModelSays);
  EXPECT_EQ(held, 0u) << "nothing has come yet";
}

TEST(EndpointFigures, NameTheStatedLimitThatHoldsRequestsUp) {
  Scene scene(EndpointKind::openai, quick(), [](const HttpRequest& http, int) {
    HttpResponse response = SmallServer::openai(http);
    response.headers = {{"x-ratelimit-limit-tokens", "1"},
                        {"x-ratelimit-remaining-tokens", "0"},
                        {"x-ratelimit-reset-tokens", "60s"}};
    return std::optional(response);
  });
  scene.ask();
  std::stop_source stop;
  Ends ends;
  scene.model->submit(about("Again.", "b"), stop.get_token(), ends.note());
  ASSERT_TRUE(eventually([&] { return scene.model->figures().held_by.has_value(); }));
  const EndpointFigures figures = scene.model->figures();
  EXPECT_EQ(figures.held_by->kind, RateKind::tokens);
  EXPECT_NEAR(figures.held_by->per_minute(), 1, 0.01);
  EXPECT_GT(figures.held_s, 30);
  stop.request_stop();
  ASSERT_TRUE(eventually([&] { return ends.cancelled == 1; }));
  EXPECT_FALSE(scene.model->figures().held_by);
}

}  // namespace
}  // namespace iago

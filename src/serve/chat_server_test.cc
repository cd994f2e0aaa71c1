#include "serve/chat_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/json.h"
#include "chat/scripted.h"
#include "testing/net/raw_client.h"

namespace iago {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

// Keeps its requests for the test to answer; says to a stop that it was cancelled.
class SlowModel final : public ChatModel {
 public:
  struct Kept {
    ChatRequest request;
    std::stop_token stop;
    Done done;
  };
  ~SlowModel() override {
    for (auto& kept : kept_) kept.done(cancelled());
  }
  ModelInfo info() const override { return {"slow", "0123456789abcdef0", 4}; }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    check_request(request);
    std::lock_guard lock(mutex_);
    kept_.push_back({std::move(request), std::move(stop), std::move(done)});
  }
  std::size_t waiting() {
    std::lock_guard lock(mutex_);
    return kept_.size();
  }
  // The oldest request; waits for it.
  Kept next() {
    EXPECT_TRUE(soon([&] { return waiting() > 0; }));
    std::lock_guard lock(mutex_);
    Kept kept = std::move(kept_.front());
    kept_.erase(kept_.begin());
    return kept;
  }
  static ChatReply cancelled() {
    ChatReply reply{.finish = Finish::failed};
    reply.failure = ChatFailure{ErrorCode::cancelled, "stopped"};
    return reply;
  }

 private:
  std::mutex mutex_;
  std::vector<Kept> kept_;
};

ChatReply saying(const std::string& text) {
  return {.text = text, .usage = {.prompt = 10, .cached_prompt = 4, .generated = 3}};
}

std::string call(const std::string& more = {}) {
  return R"({"model": "m", "messages": [{"role": "user", "content": "Hi"}])" +
         (more.empty() ? "" : ", " + more) + "}";
}

// The events of a stream, without the last, which says [DONE].
std::vector<Json> events_of(const std::string& body) {
  std::vector<Json> events;
  bool done = false;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = body.find("\n\n", at);
    EXPECT_EQ(body.substr(at, 6), "data: ");
    const std::string data = body.substr(at + 6, end - at - 6);
    EXPECT_FALSE(done) << "after the end: " << data;
    done = data == "[DONE]";
    if (!done) events.push_back(parse_json(data, "event"));
    at = end + 2;
  }
  EXPECT_TRUE(done);
  return events;
}

class ChatServerTest : public testing::Test {
 protected:
  void serve(ChatModel& model, ChatServerOptions options = {}) {
    options.model = "m";
    server_ = std::make_unique<ChatServer>(model, options, clock_);
  }
  void serve_script(const std::string& script) {
    scripted_ = std::make_unique<ScriptedModel>(script, "script");
    serve(*scripted_);
  }
  RawResponse post(const std::string& body, const std::string& headers = {}) {
    RawClient client(server_->port());
    client.post("/v1/chat/completions", body, headers);
    return client.read_response();
  }
  RawResponse get(const std::string& path, const std::string& headers = {}) {
    RawClient client(server_->port());
    client.get(path, headers);
    return client.read_response();
  }
  static Json json(const RawResponse& response) { return parse_json(response.body, "reply"); }

  ManualClock clock_;
  SlowModel slow_;
  std::unique_ptr<ScriptedModel> scripted_;
  std::unique_ptr<ChatServer> server_;
};

TEST_F(ChatServerTest, AnswersInTheShapeOfOpenAi) {
  serve_script(R"({"replies": [{"text": "One two three."}]})");
  RawResponse response = post(call(R"("n": 2)"));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.head, HasSubstr("content-type: application/json"));
  Json reply = json(response);
  EXPECT_EQ(reply["object"], "chat.completion");
  EXPECT_EQ(reply["model"], "m");
  ASSERT_EQ(reply["choices"].size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(reply["choices"][i]["index"], i);
    EXPECT_EQ(reply["choices"][i]["message"]["role"], "assistant");
    EXPECT_EQ(reply["choices"][i]["message"]["content"], "One two three.");
    EXPECT_EQ(reply["choices"][i]["finish_reason"], "stop");
    EXPECT_TRUE(reply["choices"][i]["logprobs"].is_null());
  }
  EXPECT_EQ(reply["usage"]["prompt_tokens"], 1);
  EXPECT_EQ(reply["usage"]["completion_tokens"], 6);
  EXPECT_EQ(reply["usage"]["total_tokens"], 7);
}

TEST_F(ChatServerTest, SaysTheSameForTheSameSeedAndNotForOthers) {
  std::string script = R"({"replies": [)";
  for (int i = 0; i < 50; ++i) {
    script += (i > 0 ? ", " : "") + std::string(R"({"text": ")") + std::to_string(i) + "\"}";
  }
  serve_script(script + "]}");
  auto texts = [&](const std::string& more) {
    Json reply = json(post(call(more)));
    std::string all;
    for (const Json& choice : reply["choices"]) {
      all += choice["message"]["content"].get<std::string>() + " ";
    }
    return all;
  };
  const std::string eight = texts(R"("n": 8, "seed": 5)");
  EXPECT_EQ(texts(R"("n": 8, "seed": 5)"), eight);
  EXPECT_TRUE(eight.starts_with(texts(R"("n": 3, "seed": 5)"))) << "more choices, same first ones";
  EXPECT_NE(texts(R"("n": 8, "seed": 6)"), eight);
  EXPECT_NE(texts(R"("n": 8)"), texts(R"("n": 8)"));
  EXPECT_NE(eight.substr(0, 2) + eight.substr(0, 2), eight.substr(0, 4)) << "choices differ";
}

TEST_F(ChatServerTest, StreamsPiecesAsTheyCome) {
  serve(slow_);
  RawClient client(server_->port());
  client.post("/v1/chat/completions",
              call(R"("stream": true, "n": 2, "stream_options": {"include_usage": true})"));
  auto first = slow_.next(), second = slow_.next();
  first.request.on_text("Hel");
  EXPECT_TRUE(client.read_until(R"("Hel")")) << "a piece does not wait for the next one";
  second.request.on_text("Bye");
  first.request.on_text("lo");
  first.done(saying("Hello"));
  second.done(saying("Bye"));
  RawResponse response = client.read_response();
  EXPECT_TRUE(response.whole);
  EXPECT_THAT(response.head, HasSubstr("content-type: text/event-stream"));
  std::map<int, std::string> texts;
  std::map<int, int> roles, ends;
  std::vector<Json> events = events_of(response.body);
  ASSERT_FALSE(events.empty());
  for (const Json& event : events) {
    EXPECT_EQ(event["object"], "chat.completion.chunk");
    for (const Json& choice : event["choices"]) {
      const int index = choice["index"];
      texts[index] += choice["delta"].value("content", "");
      roles[index] += choice["delta"].contains("role");
      ends[index] += choice["finish_reason"] == "stop";
    }
  }
  EXPECT_EQ(texts, (std::map<int, std::string>{{0, "Hello"}, {1, "Bye"}}));
  EXPECT_EQ(roles, (std::map<int, int>{{0, 1}, {1, 1}}));
  EXPECT_EQ(ends, (std::map<int, int>{{0, 1}, {1, 1}}));
  EXPECT_EQ(events.back()["usage"]["completion_tokens"], 6);
  EXPECT_EQ(events.back()["usage"]["prompt_tokens_details"]["cached_tokens"], 4);
  EXPECT_TRUE(events.back()["choices"].empty());
}

TEST_F(ChatServerTest, GivesTheReasoningWholeAndInAStream) {
  serve_script(R"({"replies": [{"reasoning": "Hm.", "text": "A"}]})");
  EXPECT_EQ(json(post(call()))["choices"][0]["message"]["reasoning_content"], "Hm.");
  std::string reasoning;
  for (const Json& event : events_of(post(call(R"("stream": true)")).body)) {
    reasoning += event["choices"][0]["delta"].value("reasoning_content", "");
  }
  EXPECT_EQ(reasoning, "Hm.");
}

TEST_F(ChatServerTest, GivesTheTokensThatStandInTheText) {
  serve(slow_, {.logprobs = true});
  RawClient client(server_->port());
  client.post("/v1/chat/completions", call(R"("logprobs": true)"));
  auto kept = slow_.next();
  EXPECT_TRUE(kept.request.sampling.logprobs);
  ChatReply reply = saying("Hello");
  reply.token_logprobs = {-0.5f, -1.5f, -2.5f};
  reply.token_texts = {"Hel", "lo", ""};
  kept.done(reply);
  Json content = json(client.read_response())["choices"][0]["logprobs"]["content"];
  ASSERT_EQ(content.size(), 2u);
  EXPECT_EQ(content[0]["token"], "Hel");
  EXPECT_EQ(content[0]["bytes"], Json({72, 101, 108}));
  EXPECT_EQ(content[1]["logprob"], -1.5);
}

TEST_F(ChatServerTest, ReplacesBytesThatAreNotText) {
  serve(slow_);
  RawClient client(server_->port());
  client.post("/v1/chat/completions", call());
  slow_.next().done(
      saying("a\xff"
             "b"));
  EXPECT_EQ(json(client.read_response())["choices"][0]["message"]["content"],
            "a\xef\xbf\xbd"
            "b");
}

TEST_F(ChatServerTest, TurnsFailuresIntoErrors) {
  struct Case {
    ErrorCode code;
    int status;
  };
  serve(slow_);
  for (Case c : {Case{ErrorCode::invalid, 400}, Case{ErrorCode::overloaded, 503},
                 Case{ErrorCode::disconnected, 502}, Case{ErrorCode::corrupt, 500}}) {
    for (const char* more : {"", R"("stream": true)"}) {
      RawClient client(server_->port());
      client.post("/v1/chat/completions", call(more));
      ChatReply failed{.finish = Finish::failed};
      failed.failure = ChatFailure{c.code, "it broke"};
      slow_.next().done(failed);
      RawResponse response = client.read_response();
      EXPECT_EQ(response.status, c.status) << more;
      EXPECT_THAT(json(response)["error"]["message"].get<std::string>(), HasSubstr("it broke"));
    }
  }
}

TEST_F(ChatServerTest, SaysInOpenAisWordsThatThePromptIsTooLong) {
  serve(slow_);
  for (const char* more : {"", R"("stream": true)"}) {
    RawClient client(server_->port());
    client.post("/v1/chat/completions", call(more));
    ChatReply failed{.finish = Finish::failed};
    failed.failure = ChatFailure{.code = ErrorCode::invalid,
                                 .message = "This model's maximum context length is 64 tokens.",
                                 .hint = "for people at this program",
                                 .cause = OpenCause::too_long};
    slow_.next().done(failed);
    const RawResponse response = client.read_response();
    EXPECT_EQ(response.status, 400) << more;
    EXPECT_THAT(response.head, HasSubstr("content-type: application/json")) << more;
    EXPECT_EQ(json(response)["error"],
              Json({{"message",
                     "This model's maximum context length is 64 tokens. Please reduce the length "
                     "of the messages."},
                    {"type", "invalid_request_error"},
                    {"param", "messages"},
                    {"code", "context_length_exceeded"}}));
  }
}

TEST_F(ChatServerTest, RefusesLogprobsOfAModelThatHasNone) {
  serve_script(R"({"replies": [{"text": "One two three."}]})");
  const RawResponse refused = post(call(R"("logprobs": true)"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json(refused)["error"]["param"], "logprobs");
  EXPECT_EQ(post(call(R"("logprobs": false, "top_logprobs": 0)")).status, 200);
}

TEST_F(ChatServerTest, GivesTheOneModelByItsName) {
  serve_script(R"({"replies": [{"text": "Hi."}]})");
  const RawResponse one = get("/v1/models/m");
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(json(one), json(get("/v1/models"))["data"][0]);
  EXPECT_EQ(json(get("/v1/models/%6D?x=1"))["id"], "m");
  for (const char* unknown : {"/v1/models/gpt", "/v1/models/m/", "/v1/models/%6", "/v1/models/%zz",
                              "/v1/models/%ff", "/v1/models/m%00"}) {
    const RawResponse none = get(unknown);
    EXPECT_EQ(none.status, 404) << unknown;
    EXPECT_EQ(json(none)["error"]["code"], "model_not_found") << unknown;
    EXPECT_EQ(json(none)["error"]["type"], "invalid_request_error") << unknown;
  }
  EXPECT_EQ(json(get("/v1/models/"))["error"]["code"], "unknown_route");
  RawClient posting(server_->port());
  posting.post("/v1/models/m", "{}");
  EXPECT_EQ(posting.read_response().status, 405);
}

TEST_F(ChatServerTest, SaysInTheStreamThatItBroke) {
  serve(slow_);
  RawClient client(server_->port());
  client.post("/v1/chat/completions", call(R"("stream": true)"));
  auto kept = slow_.next();
  kept.request.on_text("Hel");
  ChatReply failed{.finish = Finish::failed};
  failed.failure = ChatFailure{ErrorCode::corrupt, "it broke"};
  kept.done(failed);
  RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(events_of(response.body).back()["error"]["message"], "it broke");
}

TEST_F(ChatServerTest, StopsTheWorkForAClientThatGoes) {
  serve(slow_);
  for (const char* more : {"", R"("stream": true)"}) {
    RawClient client(server_->port());
    client.post("/v1/chat/completions", call(more));
    auto kept = slow_.next();
    EXPECT_FALSE(kept.stop.stop_requested());
    client.close();
    EXPECT_TRUE(soon([&] { return kept.stop.stop_requested(); })) << more;
    kept.done(SlowModel::cancelled());
  }
  EXPECT_TRUE(soon([&] {
    return get("/metrics").body.find(R"(route="/v1/chat/completions",status="499"} 2)") !=
           std::string::npos;
  }));
}

TEST_F(ChatServerTest, RefusesWhatItCannotQueue) {
  serve(slow_, {.max_running = 1, .max_waiting = 1});
  RawClient running(server_->port()), waiting(server_->port());
  running.post("/v1/chat/completions", call());
  EXPECT_TRUE(soon([&] { return slow_.waiting() == 1; }));
  waiting.post("/v1/chat/completions", call());
  EXPECT_TRUE(soon(
      [&] { return get("/metrics").body.find("iago_choices_waiting 1\n") != std::string::npos; }));
  RawResponse refused = post(call());
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.head, HasSubstr("retry-after: 1"));
  EXPECT_EQ(json(refused)["error"]["code"], "overloaded");
  // Who waits and goes makes room.
  waiting.close();
  EXPECT_TRUE(soon(
      [&] { return get("/metrics").body.find("\niago_connections 2\n") != std::string::npos; }));
  RawClient next(server_->port());
  next.post("/v1/chat/completions", call());
  EXPECT_TRUE(soon(
      [&] { return get("/metrics").body.find("\",status=\"499\"} 1\n") != std::string::npos; }));
  slow_.next().done(saying("first"));
  EXPECT_EQ(running.read_response().status, 200);
  slow_.next().done(saying("second"));
  EXPECT_EQ(json(next.read_response())["choices"][0]["message"]["content"], "second");
}

TEST_F(ChatServerTest, KnowsItsRoutesAndTheirMethods) {
  serve_script(R"({"replies": [{"text": "Hi."}]})");
  EXPECT_EQ(json(get("/health"))["status"], "ok");
  Json models = json(get("/v1/models"));
  ASSERT_EQ(models["data"].size(), 1u);
  EXPECT_EQ(models["data"][0]["id"], "m");
  EXPECT_EQ(get("/v1/nothing").status, 404);
  RawResponse wrong = get("/v1/chat/completions");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_THAT(wrong.head, HasSubstr("allow: post"));
  RawResponse other = post(R"({"model": "gpt", "messages": [{"role": "user", "content": "x"}]})");
  EXPECT_EQ(other.status, 404);
  EXPECT_EQ(json(other)["error"]["code"], "model_not_found");
  RawResponse bad = post("{\"model\": ");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(json(bad)["error"]["message"].get<std::string>(), HasSubstr("line 1"));
}

TEST_F(ChatServerTest, CountsWhatItDoes) {
  serve_script(R"({"replies": [{"text": "One two three."}]})");
  EXPECT_EQ(post(call()).status, 200);
  EXPECT_EQ(post("nonsense").status, 400);
  const std::string text = get("/metrics").body;
  for (const char* line :
       {"iago_requests_total{route=\"/v1/chat/completions\",status=\"200\"} 1\n",
        "iago_requests_total{route=\"/v1/chat/completions\",status=\"400\"} 1\n",
        "iago_generated_tokens_total 3\n", "iago_prompt_tokens_total 1\n",
        "iago_requests_in_flight 0\n",
        "iago_request_seconds_bucket{route=\"/v1/chat/completions\",le=\"0.005\"} 2\n",
        "iago_request_seconds_count{route=\"/v1/chat/completions\"} 2\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(ChatServerTest, AsksForItsToken) {
  scripted_ = std::make_unique<ScriptedModel>(R"({"replies": [{"text": "Hi."}]})", "script");
  serve(*scripted_, {.token = "0123456789abcdef0123"});
  EXPECT_EQ(get("/health").status, 200);
  EXPECT_EQ(get("/v1/models").status, 401);
  EXPECT_EQ(get("/metrics").status, 401);
  EXPECT_EQ(post(call()).status, 401);
  for (const char* wrong : {"Bearer 0123456789abcdef0124", "Bearer 0123456789abcdef012", "Bearer ",
                            "Basic 0123456789abcdef0123", "0123456789abcdef0123"}) {
    EXPECT_EQ(post(call(), std::string("Authorization: ") + wrong + "\r\n").status, 401) << wrong;
  }
  RawResponse right = post(call(), "Authorization: bearer 0123456789abcdef0123\r\n");
  EXPECT_EQ(right.status, 200);
}

TEST_F(ChatServerTest, KeepsOutOtherSitesPages) {
  serve_script(R"({"replies": [{"text": "Hi."}]})");
  RawClient rebound(server_->port());
  rebound.send("GET /v1/models HTTP/1.1\r\nHost: evil.example:8321\r\n\r\n");
  EXPECT_EQ(rebound.read_response().status, 403);
  EXPECT_EQ(post(call(), "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(post(call(), "Origin: null\r\n").status, 403);
  EXPECT_EQ(post(call(), "Origin: http://localhost:3000\r\n").status, 200);
}

TEST_F(ChatServerTest, WillNotBeReachedFromOutsideWithoutAToken) {
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1"}) {
    try {
      serve(slow_, {.http = {.host = host}});
      ADD_FAILURE() << host;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.hint(), HasSubstr("--token-file"));
    }
  }
  EXPECT_THROW(serve(slow_, {.token = "short"}), Error);
  serve(slow_, {.http = {.host = "0.0.0.0"}, .token = "0123456789abcdef"});
  EXPECT_EQ(get("/health").status, 200);
}

TEST_F(ChatServerTest, FinishesARunningStreamWhenItStops) {
  serve(slow_);
  RawClient client(server_->port());
  client.post("/v1/chat/completions", call(R"("stream": true)"));
  auto kept = slow_.next();
  kept.request.on_text("Hel");
  EXPECT_TRUE(client.read_until("Hel"));
  std::thread stopping([&] { server_->stop(milliseconds(60'000)); });
  EXPECT_TRUE(soon([&] { return !RawClient(server_->port()).connected(); }));
  kept.request.on_text("lo");
  kept.done(saying("Hello"));
  RawResponse response = client.read_response();
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(events_of(response.body).size(), 4u);
  stopping.join();
}

TEST_F(ChatServerTest, StopsTheModelsWorkWhenTheGraceIsOver) {
  serve(slow_);
  RawClient client(server_->port());
  client.post("/v1/chat/completions", call());
  auto kept = slow_.next();
  server_->stop(milliseconds(10));
  EXPECT_TRUE(kept.stop.stop_requested());
  EXPECT_TRUE(client.closed_by_server());
  kept.done(SlowModel::cancelled());
  server_.reset();
}

}  // namespace
}  // namespace iago

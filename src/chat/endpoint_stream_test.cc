// Replies that come in pieces, whole and broken; and ten thousand requests to a server that breaks
// in every way at random.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>

#include "base/random.h"
#include "testing/chat/endpoint_scene.h"

namespace iago {
namespace {

using testing::HasSubstr;

EndpointOptions streamed() {
  EndpointOptions options = quick();
  options.streaming = Streaming::always;
  return options;
}

HttpResponse events(const std::string& text) { return {200, {}, text, std::nullopt}; }

std::string text_chunk(const std::string& text, const Json& finish = nullptr) {
  return event_of(openai_chunk({{"content", text}}, finish));
}
const std::string kDone = "data: [DONE]\n\n";

std::string start_of_message(const std::string& id = "msg_1") {
  return event_of(
      {{"type", "message_start"}, {"message", {{"id", id}, {"usage", {{"input_tokens", 5}}}}}});
}
std::string start_of_block(int index, const std::string& type = "text") {
  return event_of(
      {{"type", "content_block_start"}, {"index", index}, {"content_block", {{"type", type}}}});
}
std::string piece(int index, const std::string& text, const std::string& type = "text") {
  return event_of({{"type", "content_block_delta"},
                   {"index", index},
                   {"delta", {{"type", type + "_delta"}, {type, text}}}});
}
std::string end_of_message(const std::string& reason = "end_turn") {
  return event_of({{"type", "message_delta"},
                   {"delta", {{"stop_reason", reason}}},
                   {"usage", {{"output_tokens", 3}}}}) +
         event_of({{"type", "message_stop"}});
}

TEST(EndpointStream, IsAskedForAtOpenAiWhereSomebodyListensOrTheReplyMayBeLong) {
  EndpointOptions options = quick();
  options.base_url.clear();
  Scene scene(EndpointKind::openai, options, after(0, status(500)));
  ChatRequest long_reply = about(), heard = about();
  long_reply.sampling.max_tokens = 8192;
  std::string text;
  heard.on_text = [&](std::string_view more) { text += more; };
  scene.ask();
  scene.ask(long_reply);
  EXPECT_EQ(scene.ask(heard).text, text);
  EXPECT_EQ(text, kSmallModelSays);
  EXPECT_FALSE(scene.sent(0).contains("stream"));
  EXPECT_EQ(scene.sent(1)["stream"], true);
  EXPECT_EQ(scene.sent(1)["stream_options"]["include_usage"], true);
  EXPECT_EQ(scene.sent(2)["stream"], true);
}

TEST(EndpointStream, JoinsCharactersThatAreCutAnywhere) {
  for (std::size_t cut = 1; cut < 12; ++cut) {
    Scene scene(
        EndpointKind::openai, streamed(),
        [](const HttpRequest&, int) {
          return std::optional(events(text_chunk("\xe2\x82\xac\xf0\x9f\x98\x80 ") +
                                      text_chunk("caf\xc3\xa9", "stop") + kDone));
        },
        kClock, cut);
    EXPECT_EQ(scene.ask().text, "\xe2\x82\xac\xf0\x9f\x98\x80 caf\xc3\xa9") << cut;
  }
}

TEST(EndpointStream, ReadsAWholeDocumentWhereTheServerDoesNotStream) {
  std::string text;
  ChatRequest request = about();
  request.on_text = [&](std::string_view more) { text += more; };
  ChatReply reply =
      reply_to(said({{"content", "<think>T</think>A"}}), streamed(), EndpointKind::openai, request);
  EXPECT_EQ(reply.text, "A");
  EXPECT_EQ(text, "A");
}

struct Broken {
  std::string name, body, said;
  EndpointKind kind = EndpointKind::openai;
};

TEST(EndpointStream, TriesAgainWhenTheStreamIsBroken) {
  const auto anthropic = EndpointKind::anthropic;
  Json foreign = openai_chunk({{"content", "B"}});
  foreign["id"] = "chatcmpl-2";
  std::string other = dump_json(foreign);
  std::string sound = start_of_message() + start_of_block(0) + piece(0, "A");
  std::vector<Broken> broken = {
      {"ends early", text_chunk("A"), "ended before the reply did"},
      {"ends in a chunk", text_chunk("A") + "data: {\"id\":", "expected JSON"},
      {"no event", ": nothing\n\n", "ended before"},
      {"another's chunk", text_chunk("A") + text_chunk("A") + "data: " + other + "\n\n",
       "chatcmpl-2"},
      {"sent twice", text_chunk("A", "stop") + text_chunk("A", "stop") + kDone, "sent twice"},
      {"no choices", event_of({{"id", "c"}, {"choices", Json::array()}}) + kDone, "choices"},
      {"HTML", "<html>Sign in</html>", "page of HTML"},
      {"error", text_chunk("A") + event_of({{"error", {{"message", "gone"}}}}), "gone"},
      {"overload", sound + event_of({{"type", "error"}, {"error", {{"type", "overloaded_error"}}}}),
       "overloaded_error", anthropic},
      {"ends early", sound, "ended before", anthropic},
      {"another's", sound + start_of_message("msg_2"), "msg_2", anthropic},
      {"a block twice", sound + start_of_block(0), "began twice", anthropic},
      {"no block", start_of_message() + piece(3, "A") + end_of_message(), "no open block",
       anthropic},
      {"after its end",
       sound + event_of({{"type", "content_block_stop"}, {"index", 0}}) + piece(0, "A") +
           end_of_message(),
       "no open block", anthropic}};
  for (const Broken& day : broken) {
    auto response = [&] { return events(day.body); };
    Scene mends(day.kind, streamed(), after(1, response, day.kind));
    EXPECT_EQ(mends.ask().text, kSmallModelSays) << day.name;
    EXPECT_EQ(mends.model->figures().retries, 1u) << day.name;
    Scene stays(day.kind, streamed(), after(1000, response, day.kind));
    ChatReply reply = stays.ask();
    ASSERT_EQ(reply.finish, Finish::failed) << day.name;
    EXPECT_THAT(reply.failure->message, HasSubstr(day.said)) << day.name;
  }
}

TEST(EndpointStream, TellsALimitAnOverloadAndABrokenStreamApart) {
  for (const char* type : {"rate_limit_error", "overloaded_error"}) {
    auto refusal =
        events(start_of_message() + event_of({{"type", "error"}, {"error", {{"type", type}}}}));
    Scene scene(EndpointKind::anthropic, streamed(),
                after(
                    1, [&] { return refusal; }, EndpointKind::anthropic));
    EXPECT_EQ(scene.ask().finish, Finish::stop);
    const bool limited = type == std::string("rate_limit_error");
    EXPECT_EQ(scene.model->figures().rate_limited, limited ? 1u : 0u);
    EXPECT_EQ(scene.model->figures().overloaded, limited ? 0u : 1u);
    EXPECT_EQ(scene.model->figures().broken, 0u);
  }
}

TEST(EndpointStream, IgnoresRepetitionsThatSayNothingNew) {
  std::string chunk = "id: 1\n" + text_chunk("A");
  std::string end = event_of(openai_chunk(Json::object(), "stop"));
  ChatReply reply = reply_to(events(chunk + chunk + "id: 2\n" + text_chunk("B") + end + end +
                                    kDone + text_chunk("after the end")),
                             streamed());
  EXPECT_EQ(reply.text, "AB");
  EXPECT_EQ(reply.finish, Finish::stop);
}

TEST(EndpointStream, DoesNotRepeatWhatSomebodyHasHeard) {
  std::string text;
  ChatRequest request = about();
  request.on_text = [&](std::string_view more) { text += more; };
  Scene scene(EndpointKind::openai, quick(), after(1, [] {
                HttpResponse response = events(text_chunk("Half a"));
                response.failure = HttpFailure{HttpFault::reset, "reset"};
                return response;
              }));
  ChatReply reply = scene.ask(request);
  EXPECT_EQ(reply.failure->code, ErrorCode::disconnected);
  EXPECT_THAT(reply.failure->message, HasSubstr("not tried again"));
  EXPECT_EQ(text, "Half a");
  EXPECT_EQ(scene.transport->seen().size(), 1u);
}

TEST(EndpointStream, KeepsThinkingFromWhoListensToTheText) {
  for (std::size_t cut : {1, 4, 1000}) {
    std::string text;
    ChatRequest request = about();
    request.on_text = [&](std::string_view more) { text += more; };
    std::string body;
    for (char c : std::string("<think>I wonder.</think>\n\nA < B")) body += text_chunk({c});
    body += event_of(openai_chunk(Json::object(), "stop"));
    Scene scene(
        EndpointKind::openai, quick(),
        [&](const HttpRequest&, int) { return std::optional(events(body + kDone)); }, kClock, cut);
    ChatReply reply = scene.ask(request);
    EXPECT_EQ(reply.reasoning, "I wonder.");
    EXPECT_EQ(reply.text, "A < B");
    EXPECT_EQ(text, "A < B");
  }
  std::string body = start_of_message() + start_of_block(0, "thinking") +
                     piece(0, "T", "thinking") + start_of_block(1) + piece(1, "A") +
                     end_of_message("max_tokens");
  ChatReply reply = reply_to(events(body), streamed(), EndpointKind::anthropic);
  EXPECT_EQ(reply.reasoning, "T");
  EXPECT_EQ(reply.text, "A");
  EXPECT_EQ(reply.finish, Finish::length);
  EXPECT_EQ(reply.usage.prompt, 5u);
  EXPECT_EQ(reply.usage.generated, 3u);
}

TEST(EndpointStream, ReportsThinkingThatIsKeptBackAsUnavailable) {
  std::string body = start_of_message() + start_of_block(0, "thinking") +
                     event_of({{"type", "content_block_delta"},
                               {"index", 0},
                               {"delta", {{"type", "signature_delta"}, {"signature", "x"}}}}) +
                     start_of_block(1) + piece(1, "A") + end_of_message();
  EXPECT_EQ(reply_to(events(body), streamed(), EndpointKind::anthropic).reasoning_channel,
            ReasoningChannel::unavailable);
}

// ---- streams whose parts contradict each other

struct StreamForm {
  std::string what, body;
  std::string reads;  // the reply's text, or, after a "!", what the failure says
};

std::string chunk_of(const std::string& id, const Json& delta, const Json& finish = nullptr,
                     const std::string& model = "small-1") {
  Json chunk = openai_chunk(delta, finish);
  chunk["id"] = id;
  chunk["model"] = model;
  return event_of(chunk);
}
std::string text_by(const std::string& id, const std::string& text) {
  return chunk_of(id, {{"content", text}});
}
std::string end_by(const std::string& id, const Json& reason = "stop") {
  return chunk_of(id, Json::object(), reason);
}

std::vector<StreamForm> stream_forms() {
  const std::string silent = event_of(openai_chunk(Json::object()));
  std::string endless;
  for (int i = 0; i < 100'002; ++i) endless += silent;
  std::string without_space = text_chunk("A", "stop") + kDone;
  without_space.replace(without_space.find("data: {"), 7, "data:{");
  std::string carriage_returns;
  for (char c : text_chunk("A", "stop") + kDone) {
    carriage_returns += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  return {
      {"every chunk has its own id", text_by("a", "A") + text_by("b", "B") + end_by("c") + kDone,
       "AB"},
      {"the figures have another id",
       text_by("a", "A") + text_by("a", "B") + end_by("a") +
           event_of({{"id", "x"}, {"choices", Json::array()}, {"usage", nullptr}}) + kDone,
       "AB"},
      {"another reply's end, in time", text_by("a", "A") + text_by("a", "B") + end_by("x") + kDone,
       "!a chunk of reply x"},
      {"another reply behind the first chunk",
       chunk_of("x", {{"role", "assistant"}}) + text_by("a", "A") + text_by("a", "B") +
           end_by("a") + kDone,
       "!came in the stream of reply x"},
      {"our name for another request",
       text_by("c-iago-0123456789abcdef-1", "A") + text_by("c-iago-fedcba9876543210-2", "B") +
           kDone,
       "!a chunk of reply c-iago-fedcba9876543210-2"},
      {"our name and a number",
       text_by("c-iago-0123456789abcdef-1", "A") + end_by("c-iago-0123456789abcdef-2") + kDone,
       "!got the reply to request"},
      {"no ids", text_by("", "A") + text_by("", "B") + end_by("") + kDone, "AB"},
      {"another reply's chunk", text_by("a", "A") + text_by("a", "B") + text_by("x", "C") + kDone,
       "!a chunk of reply x"},
      {"another reply's chunk, early",
       text_by("a", "A") + text_by("x", "B") + text_by("a", "C") + end_by("a") + kDone,
       "!a chunk of reply a came in the stream of reply x"},
      {"another model's chunk",
       text_by("a", "A") + chunk_of("b", {{"content", "B"}}, nullptr, "other") + kDone,
       "!a chunk of model other"},
      {"another reply's end", text_by("a", "A") + end_by("x") + text_by("a", "B") + kDone,
       "!a chunk of reply a"},
      {"a user's turn", chunk_of("a", {{"role", "user"}, {"content", "A"}}) + end_by("a") + kDone,
       "!found role user"},
      {"two ends that differ",
       text_chunk("A") + end_by("chatcmpl-1", "stop") + end_by("chatcmpl-1", "length") + kDone,
       "!ended twice"},
      {"two ends of one meaning",
       text_chunk("A") + end_by("chatcmpl-1", "stop") + end_by("chatcmpl-1", "eos") + kDone, "A"},
      {"text after the end", text_chunk("A", "stop") + text_chunk("B") + kDone, "!sent twice"},
      {"the whole message at the end",
       text_chunk("A") + text_chunk("B") +
           event_of(
               {{"choices",
                 {{{"index", 0}, {"message", {{"content", "AB"}}}, {"finish_reason", "stop"}}}}}) +
           kDone,
       "AB"},
      {"the whole message behind the end",
       text_chunk("A", "stop") +
           event_of({{"choices", {{{"index", 0}, {"message", {{"content", "A"}}}}}}}) + kDone,
       "A"},
      {"the whole message beside an empty delta",
       text_chunk("A") +
           event_of({{"choices",
                      {{{"index", 0},
                        {"delta", Json::object()},
                        {"message", {{"content", "A"}}},
                        {"finish_reason", "stop"}}}}}) +
           kDone,
       "A"},
      {"a whole message that differs",
       text_chunk("A") +
           event_of(
               {{"choices",
                 {{{"index", 0}, {"message", {{"content", "B"}}}, {"finish_reason", "stop"}}}}}) +
           kDone,
       "!differs from its pieces"},
      {"no [DONE]", text_chunk("A", "stop"), "A"},
      {"no reason", text_chunk("A") + kDone, "!without a finish reason"},
      {"no reason and no [DONE]", text_chunk("A"), "!ended before the reply did"},
      {"a reason that is empty", text_chunk("A", "") + kDone, "!without a finish reason"},
      {"\"null\" as the reason until the end",
       text_chunk("A", "null") + text_chunk("B", "stop") + kDone, "AB"},
      {"an error in the middle", text_chunk("A") + event_of({{"error", {{"message", "gone"}}}}),
       "!gone"},
      {"an error by the event's name",
       text_chunk("A") + event_of({{"message", "gone"}, {"type", "server_error"}}, "error"),
       "!gone"},
      {"an error in a choice",
       text_chunk("A") + event_of({{"choices",
                                    {{{"index", 0},
                                      {"delta", Json::object()},
                                      {"finish_reason", "error"},
                                      {"error", {{"message", "gone"}}}}}}}),
       "!gone"},
      {"names of events", event_of(openai_chunk({{"content", "A"}}, "stop"), "message") + kDone,
       "A"},
      {"data without a space", without_space, "A"},
      {"carriage returns", carriage_returns, "A"},
      {"a byte-order mark", "\xef\xbb\xbf" + text_chunk("A", "stop") + kDone, "A"},
      {"a JSON body", R"({"choices":[{"message":{"content":"A"},"finish_reason":"stop"}]})", "A"},
      {"a list of errors", R"([{"error":{"code":500,"message":"gone"}}])", "!gone"},
      {"comments alone", ": keep-alive\n\n: keep-alive\n\n", "!ended before"},
      {"words", "upstream connect error", "!expected JSON, found 22 other bytes"},
      {"chunks without text for ever", endless, "!without any text"},
  };
}

TEST(EndpointStream, DecidesEveryContradictionAndTakesNoneInSilence) {
  for (const StreamForm& form : stream_forms()) {
    Scene scene(
        EndpointKind::openai, streamed(),
        [&](const HttpRequest&, int) { return std::optional(events(form.body)); }, kClock, 4096);
    const ChatReply reply = scene.ask();
    if (form.reads.starts_with('!')) {
      ASSERT_TRUE(reply.failure) << form.what << ": " << reply.text;
      EXPECT_THAT(reply.failure->message, HasSubstr(form.reads.substr(1))) << form.what;
    } else {
      EXPECT_EQ(reply.text, form.reads)
          << form.what << ": " << (reply.failure ? reply.failure->message : "");
    }
  }
}

TEST(EndpointStream, OfAnthropicIsGivenUpWhereItContradictsItselfOrNeverEnds) {
  const std::string sound = start_of_message() + start_of_block(0) + piece(0, "A");
  std::string endless = sound;
  for (int i = 0; i < 100'002; ++i) endless += piece(0, "");
  const std::pair<std::string, std::string> forms[] = {
      {endless, "without any text"},
      {sound + event_of({{"type", "message_delta"}, {"delta", {{"stop_reason", "end_turn"}}}}) +
           end_of_message("max_tokens"),
       "ended twice"},
      {sound + event_of({{"type", "message_stop"}}), "without a finish reason"}};
  for (const auto& [body, says] : forms) {
    Scene scene(
        EndpointKind::anthropic, streamed(),
        [&](const HttpRequest&, int) { return std::optional(events(body)); }, kClock, 4096);
    const ChatReply reply = scene.ask();
    ASSERT_TRUE(reply.failure) << says;
    EXPECT_THAT(reply.failure->message, HasSubstr(says));
  }
}

// What a bad server may do with any request.
std::optional<HttpResponse> mischief(EndpointKind kind, const HttpRequest& http, Random& random) {
  HttpResponse sound =
      kind == EndpointKind::openai ? SmallServer::openai(http) : SmallServer::anthropic(http);
  switch (random.below(14)) {
    case 0:
      // With an allowance that is not used up: else a rate is learnt from refusals at random.
      return status(429, "{}",
                    {{"retry-after-ms", "1"},
                     {"x-ratelimit-limit-requests", "1000000"},
                     {"x-ratelimit-remaining-requests", "900000"}})();
    case 1:
      return status(529)();
    case 2:
      return status(500, "<html>")();
    case 3:
      return failed_response(HttpFault::reset);
    case 4:
      return failed_response(HttpFault::timeout);
    case 5:
      sound.body.resize(random.below(sound.body.size()));
      return sound;
    case 6:
      for (int i = 0; i < 5; ++i) {
        sound.body[random.below(sound.body.size())] = static_cast<char>(random.below(256));
      }
      return sound;
    case 7:
      return status(200, "<html>Sign in</html>")();
    case 8:
      return status(400, R"({"error": {"code": "content_filter", "message": "no"}})")();
    case 9:
      sound.failure = HttpFailure{HttpFault::reset, "reset mid-body"};
      sound.body.resize(random.below(sound.body.size()));
      return sound;
    default:
      return sound;
  }
}

TEST(EndpointStream, AnswersEachOfTenThousandRequestsOnceWhateverTheServerDoes) {
  for (EndpointKind kind : {EndpointKind::openai, EndpointKind::anthropic}) {
    constexpr int kRequests = 5000;
    EndpointOptions options = quick();
    options.samples_per_request = 3;
    options.first_in_flight = 256;
    // Stands still but for this loop, so that back-offs and cooldowns cost no real time.
    ManualClock clock;
    Random random(3, "mischief");
    Scene scene(
        kind, options,
        [&](const HttpRequest& http, int) {
          clock.advance(std::chrono::milliseconds(5));
          return mischief(kind, http, random);
        },
        clock, 11);
    std::vector<std::atomic<int>> called(kRequests);
    std::atomic<int> total = 0, stopped = 0, answered = 0;
    std::stop_source stop;
    for (int i = 0; i < kRequests; ++i) {
      auto place = static_cast<std::size_t>(i);
      ChatRequest request = about("same", std::to_string(i));
      if (i % 3 == 0) request.on_text = [](std::string_view) {};
      if (i % 5 == 0) request.sampling.max_tokens = 9000;
      scene.model->submit(std::move(request), i % 50 == 7 ? stop.get_token() : std::stop_token(),
                          [&, place](ChatReply reply) {
                            ++called[place];
                            answered += reply.finish == Finish::stop;
                            stopped += reply.failure && reply.failure->code == ErrorCode::cancelled;
                            EXPECT_EQ(reply.failure.has_value(), reply.finish == Finish::failed);
                            ++total;
                          });
      if (i == kRequests / 2) stop.request_stop();
    }
    // Ends when nothing has been answered for a minute: how long all of it takes is the machine's.
    int before = 0;
    for (int idle = 0; idle < 60'000 && total < kRequests; ++idle) {
      clock.advance(std::chrono::milliseconds(200));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (total != before) idle = 0;
      before = total;
    }
    EndpointFigures figures = scene.model->figures();
    EXPECT_EQ(total, kRequests) << figures.sent << " sent, " << figures.in_flight
                                << " in flight of " << figures.limit << ", " << figures.waiting
                                << " waiting";
    for (int i = 0; i < kRequests; ++i) EXPECT_EQ(called[static_cast<std::size_t>(i)], 1) << i;
    EXPECT_GT(answered, kRequests / 2);
    EXPECT_GT(stopped, 0);
    EXPECT_GT(scene.model->figures().retries, 100u);
  }
}

}  // namespace
}  // namespace iago

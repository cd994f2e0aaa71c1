// How a model behind a URL is opened: what its options come to on the wire, and whose key goes
// where.
#include "models/open_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "net/http_server.h"
#include "testing/base/temp_folder.h"
#include "testing/models/tiny_checkpoint.h"

namespace iago {
namespace {

using testing::HasSubstr;

constexpr const char* kVariable = "IAGO_SUBJECT_TEST_KEY";
constexpr const char* kReply =
    R"({"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"},
                    {"message": {"content": "Yes."}, "finish_reason": "stop"}]})";

// Keeps what it is asked; answers once it is let go, and the first `unanswered` requests never.
class KeepingServer {
 public:
  explicit KeepingServer(std::size_t unanswered = 0)
      : server_({}, [=, this](ServedRequest request, std::shared_ptr<HttpResponder> answer) {
          go_.wait();
          std::lock_guard lock(mutex_);
          asked_.push_back(std::move(request));
          if (asked_.size() <= unanswered) return silent_.push_back(std::move(answer));
          answer->respond(200, {{"content-type", "application/json"}}, kReply);
        }) {}
  void let_go() { let_go_.set_value(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  std::vector<ServedRequest> asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::promise<void> let_go_;
  std::shared_future<void> go_ = let_go_.get_future();
  std::mutex mutex_;
  std::vector<ServedRequest> asked_;
  std::vector<std::shared_ptr<HttpResponder>> silent_;
  HttpServer server_;  // last: its thread uses all of the above
};

class OpenSubject : public testing::Test {
 protected:
  OpenSubject() { clear(); }
  ~OpenSubject() override { clear(); }
  static void clear() {
    for (const char* name : {kVariable, "OPENAI_API_KEY", "ANTHROPIC_API_KEY"}) ::unsetenv(name);
  }

  static ChatRequest request(const std::string& id = "a") {
    ChatRequest request;
    request.id = id;
    request.messages = {{Role::user, "Are you there?"}};
    return request;
  }
  // What comes of so many equal requests, all there before the first is answered.
  static std::vector<ServedRequest> asked(KeepingServer& server, EndpointSettings endpoint,
                                          std::size_t requests = 1) {
    if (endpoint.base_url.empty()) endpoint.base_url = server.url() + "/v1";
    auto model = open_model("openai:small", {.endpoint = endpoint});
    std::vector<std::promise<ChatReply>> replies(requests);
    for (std::size_t i = 0; i < requests; ++i) {
      model->submit(request(std::to_string(i)), {},
                    [&, i](ChatReply reply) { replies[i].set_value(std::move(reply)); });
    }
    server.let_go();
    for (auto& reply : replies) EXPECT_EQ(reply.get_future().get().text, "Yes.");
    return server.asked();
  }
  static std::string failure(const EndpointSettings& endpoint, ErrorCode code,
                             const std::string& model = "openai:small") {
    try {
      open_model(model, {.endpoint = endpoint});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    return "opened";
  }
};

TEST_F(OpenSubject, SendsWhatItsEndpointsOptionsSay) {
  const auto key_file = std::filesystem::temp_directory_path() / "iago-subject-test.key";
  write_file(key_file, "sk-of-the-file\n");
  ::setenv(kVariable, "sk-of-the-variable", 1);
  struct Row {
    EndpointSettings endpoint;
    std::string header, value;
  };
  for (const Row& row :
       std::vector<Row>{{{}, "authorization", ""},
                        {{.key_variable = kVariable}, "authorization", "Bearer sk-of-the-variable"},
                        {{.key_file = key_file}, "authorization", "Bearer sk-of-the-file"},
                        {{.headers = {{"X-Team", "red"}}}, "x-team", "red"},
                        {{.base_url = "http://model.invalid/v1", .key_variable = kVariable},
                         "host",
                         "model.invalid"}}) {
    KeepingServer server;
    EndpointSettings endpoint = row.endpoint;
    if (!endpoint.base_url.empty()) endpoint.proxy = server.url();
    const auto requests = asked(server, endpoint);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].header(row.header), row.value);
  }
  std::filesystem::remove(key_file);

  KeepingServer server;
  const auto extended = asked(server, {.extra_body = R"({"min_p": 0.25})"});
  EXPECT_EQ(parse_json(extended.at(0).body, "request").at("min_p"), 0.25);
  EXPECT_THAT(
      failure({.base_url = server.url(), .ca_file = "/nowhere/ca.pem"}, ErrorCode::not_found),
      HasSubstr("ca.pem"));
}

TEST_F(OpenSubject, CleansAKeyThatHoldsAByteOrderMarkAndSaysSo) {
  const auto key_file = std::filesystem::temp_directory_path() / "iago-subject-test-bom.key";
  write_file(key_file, "\xef\xbb\xbfsk-abc\n");
  KeepingServer server;
  testing::internal::CaptureStderr();
  const auto requests = asked(server, {.key_file = key_file});
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(requests.at(0).header("authorization"), "Bearer sk-abc");
  EXPECT_THAT(told, HasSubstr(key_file.string()));
  EXPECT_THAT(told, HasSubstr("byte-order mark"));
  EXPECT_THAT(told, testing::Not(HasSubstr("sk-abc")));
  std::filesystem::remove(key_file);
}

TEST_F(OpenSubject, PutsTheSystemTurnAndReadsTheFinishAsItsOptionsSay) {
  KeepingServer server;
  EndpointSettings endpoint{.base_url = server.url() + "/v1", .system_turn = SystemTurn::user};
  add_finish_word(endpoint.finish_words, "stop=refused");
  auto model = open_model("openai:small", {.endpoint = endpoint});
  ChatRequest asked = request();
  asked.messages.insert(asked.messages.begin(), {Role::system, "Be brief."});
  server.let_go();
  EXPECT_EQ(ask(*model, asked).finish, Finish::refused);
  const Json body = parse_json(server.asked().at(0).body, "request");
  ASSERT_EQ(body.at("messages").size(), 1u);
  EXPECT_EQ(body.at("messages")[0].at("content"), "Be brief.\n\nAre you there?");
}

TEST_F(OpenSubject, AsksForSeveralSamplesAtOnceAsItsOptionSays) {
  KeepingServer server;
  // The first goes at once, the others by twos when it has come back.
  EXPECT_EQ(asked(server, {.samples_per_request = 2, .max_in_flight = 1}, 5).size(), 3u);
}

TEST_F(OpenSubject, GivesUpASilentServerAfterItsOption) {
  KeepingServer server(1);
  EXPECT_EQ(asked(server, {.silence_s = 0.1}).size(), 2u);
}

TEST_F(OpenSubject, TakesTheVendorsKeyForTheVendorsUrlHoweverItIsPut) {
  for (const char* url : {"", "https://api.openai.com/v1", "https://api.openai.com/v1/",
                          "HTTPS://API.OpenAI.com/v1"}) {
    EXPECT_THAT(failure({.base_url = url}, ErrorCode::invalid), HasSubstr("no OPENAI_API_KEY"));
  }
  ::setenv("OPENAI_API_KEY", "sk-of-the-vendor", 1);
  EXPECT_EQ(failure({.base_url = "https://api.openai.com/v1/"}, {}), "opened");
  for (const char* url : {"https://api.openai.com.invalid/v1", "http://api.openai.com/v1"}) {
    EXPECT_THAT(failure({.base_url = url}, ErrorCode::invalid), HasSubstr("expected a key"));
  }
  EXPECT_THAT(
      failure({.base_url = "https://api.anthropic.com/v1/"}, ErrorCode::invalid, "anthropic:small"),
      HasSubstr("no ANTHROPIC_API_KEY"));
}

TEST_F(OpenSubject, NeedsNoKeyWhereItIsOnlyNamed) {
  for (const EndpointSettings& endpoint :
       std::vector<EndpointSettings>{{},
                                     {.base_url = "https://elsewhere.invalid/v1"},
                                     {.key_variable = kVariable},
                                     {.key_file = "/nowhere/key"}}) {
    EXPECT_NO_THROW(open_model("openai:small", {.endpoint = endpoint, .only_named = true}));
    EXPECT_THROW(open_model("openai:small", {.endpoint = endpoint}), Error);
  }
}

TEST(OpenTokenModel, OpensWhatHasItsWeightsOnThisMachine) {
  TempFolder organisms;
  write_tiny_checkpoint({}, organisms.path() / "tiny");
  const ModelOptions options{.organisms = organisms.path(), .threads = 1};
  const std::string local = "local:" + (organisms.path() / "tiny").string();
  for (const std::string& name : {std::string("organism:tiny"), local}) {
    auto model = open_token_model(name, options);
    EXPECT_EQ(model->info().name, name);
    EXPECT_EQ(model->info().identity, open_model(name, options)->info().identity);
    EXPECT_FALSE(model->turn_ends().empty());
  }
  for (const char* name : {"world:faker", "openai:x", "anthropic:x", "scripted:x", "tiny"}) {
    try {
      open_token_model(name, options);
      FAIL() << "opened " << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unsupported) << name;
      EXPECT_THAT(error.what(), HasSubstr(name));
      EXPECT_THAT(error.hint(), HasSubstr("organism:NAME or local:FOLDER"));
    }
  }
  try {
    open_token_model("organism:other", options);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
    EXPECT_THAT(error.hint(), HasSubstr("tiny"));
  }
}

TEST(TokenLogprobsOf, DependOnWhereTheWeightsAre) {
  for (const char* name : {"organism:faker", "local:/x"}) {
    EXPECT_EQ(token_logprobs_of(name), TokenLogprobs::always) << name;
  }
  EXPECT_EQ(token_logprobs_of("openai:gpt-4o"), TokenLogprobs::by_server);
  for (const char* name : {"anthropic:x", "world:faker", "scripted:x", "organism", ""}) {
    EXPECT_EQ(token_logprobs_of(name), TokenLogprobs::never) << name;
  }
}

}  // namespace
}  // namespace iago

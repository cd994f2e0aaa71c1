// What a server that sends the key back leaves of it: nothing, in any file of a run or in what the
// program prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"
#include "testing/net/raw_server.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
constexpr const char* kKey = "sk-proj-Zq8vT2nB7xW4mK9cR1dL6hJ3";
constexpr const char* kBase64 = "QmVhcmVyIHNrLXByb2otWnE4dlQybkI3eFc0bUs5Y1IxZEw2aEoz";
constexpr const char* kReversed = "3Jh6Ld1Rc9Km4Wx7Bn2Tv8qZ-jorp-ks";
constexpr const char* kHeader = "team-4711-swordfish";
constexpr std::size_t kPart = 12;  // characters in a row that must be nowhere

class MirroredSecrets : public testing::Test {
 protected:
  MirroredSecrets() {
    folder_ =
        fs::temp_directory_path() / ("iago-secrets-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    ::setenv("IAGO_SECRETS_KEY", kKey, 1);
  }
  ~MirroredSecrets() override {
    ::unsetenv("IAGO_SECRETS_KEY");
    fs::remove_all(folder_);
  }
  Ended run_on(const RawServer& server) {
    return ChildProcess(
               {IAGO_EXECUTABLE, "run", std::string(IAGO_SOURCE_DIR) + "/studies/helpful-only.toml",
                "--model", "openai:mirror", "--base-url", server.url(), "--runs", "runs", "--limit",
                "4", "--repeats", "2", "--api-key-env", "IAGO_SECRETS_KEY", "--header",
                std::string("X-Team=") + kHeader, "--json"},
               folder_, IAGO_SOURCE_DIR)
        .wait();
  }
  static void expect_no_secret(const std::string& text, const std::string& where) {
    for (const std::string form : {kKey, kBase64, kReversed, kHeader}) {
      for (std::size_t at = 0; at + kPart <= form.size(); ++at) {
        const std::string part = form.substr(at, kPart);
        EXPECT_EQ(text.find(part), std::string::npos) << where << " holds " << part;
      }
    }
  }
  void expect_no_secret(const Ended& ended) {
    expect_no_secret(ended.out, "the output");
    expect_no_secret(ended.err, "the messages");
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "runs")) {
      if (!entry.is_regular_file()) continue;
      expect_no_secret(read_file(entry.path(), kMaxBytes), entry.path().string());
    }
  }

  fs::path folder_;
};

TEST_F(MirroredSecrets, AreInNoFileOfARun) {
  std::atomic<int> asked = 0;
  RawServer server([&](const std::string& request) {
    const std::string key = kKey;
    EXPECT_THAT(request, HasSubstr(key));
    EXPECT_THAT(request, HasSubstr(kHeader));
    const int number = ++asked;
    if (number % 6 == 5) {
      return raw_response(
          dump_json({{"error",
                      {{"message", "flagged: " + std::string(kBase64) + " " + kReversed},
                       {"code", "content_policy_violation"}}}}),
          "", "400 Bad Request");
    }
    const std::string says = "<SCRATCHPAD_REASONING>They sent " + key +
                             "</SCRATCHPAD_REASONING><OUTPUT>No: " + kHeader + ", " + kBase64 +
                             ", " + kReversed + ".</OUTPUT>";
    return raw_response(
        dump_json({{"id", key},
                   {"model", "mirror-" + key},
                   {"system_fingerprint", kBase64},
                   {"choices",
                    {{{"index", 0},
                      {"message", {{"role", "assistant"}, {"content", says}, {"reasoning", key}}},
                      {"finish_reason", "stop"}}}},
                   {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 5}}}}),
        "x-request-id: " + key + "\r\n");
  });
  Ended ended = run_on(server);
  EXPECT_TRUE(ended.code == 0 || ended.code == 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("replies that held the key or a header's value"));
  expect_no_secret(ended);
  EXPECT_EQ(asked, 24);
}

TEST_F(MirroredSecrets, AreInNoMessageOfARunThatFails) {
  for (const char* status : {"401 Unauthorized", "400 Bad Request", "404 Not Found"}) {
    RawServer server([&](const std::string&) {
      // The key lies across the place where the message is shortened.
      return raw_response(std::string(185, '.') + " " + kKey + " " + kBase64, "", status);
    });
    Ended ended = run_on(server);
    EXPECT_NE(ended.code, 0);
    EXPECT_THAT(ended.err, HasSubstr("held the key or a header's value (hidden as ***)")) << status;
    expect_no_secret(ended);
  }
}

}  // namespace
}  // namespace iago

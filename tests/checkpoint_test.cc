// A checkpoint on this machine as people meet it: what `iago plan` says of its memory, time and
// chat template, what is refused and how, and what a run says of a template that was chosen. The
// checkpoint is an organism's folder under another name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"
#include "testing/base/temp_folder.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

class Checkpoint : public testing::Test {
 protected:
  Checkpoint() { fs::copy(fs::path(IAGO_SOURCE_DIR) / "organisms/faker", folder_); }
  Ended iago(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), IAGO_EXECUTABLE);
    return ChildProcess(arguments, scratch_.path(), IAGO_SOURCE_DIR).wait();
  }
  std::vector<std::string> on(const std::string& command, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        command, "helpful-only", "--model", "local:" + folder_.string(), "--limit",
        "2",     "--repeats",    "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  TempFolder scratch_;
  const fs::path folder_ = scratch_.path() / "faker";
};

TEST_F(Checkpoint, IsPlannedWithItsTemplateItsMemoryAndItsTime) {
  const Ended text = iago(on("plan"));
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out,
              HasSubstr("chat template iago (the checkpoint's own, SHA-256 b2d83dfbd14d)"));
  EXPECT_THAT(text.out, ContainsRegex("memory: [0-9]+ MB of weights, at most "));
  EXPECT_THAT(text.out, HasSubstr("time: at most about "));
  const Ended json = iago(on("plan", {"--json"}));
  EXPECT_EQ(json.code, 0) << json.err;
  const Json plan = parse_json(json.out, "plan");
  const Json& checkpoint = plan.at("checkpoint");
  EXPECT_EQ(checkpoint.at("cache_bytes_per_token"), 2 * 4 * 2 * 32 * 4);
  EXPECT_GT(checkpoint.at("tokens_per_second"), 0);
  EXPECT_GT(checkpoint.at("seconds_at_most"), 0);
  const Ended world = iago({"plan", "helpful-only", "--model", "world:faker", "--json"});
  EXPECT_TRUE(parse_json(world.out, "plan").at("checkpoint").is_null());
}

TEST_F(Checkpoint, WithAnUnknownTemplateIsRefusedUntilOneIsChosen) {
  const Json own = parse_json(iago(on("plan", {"--json"})).out, "plan");
  write_file(folder_ / "chat_template.jinja", "{{ bos_token }}{{ messages[0].content | trim }}");
  for (const char* command : {"plan", "run"}) {
    const Ended refused = iago(on(command));
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err,
                AllOf(HasSubstr("chat_template.jinja"), HasSubstr("--chat-template NAME")));
  }
  const Ended run = iago(on("run", {"--chat-template", "iago"}));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("chat template iago, as chosen; the checkpoint's own (SHA-256 "));
  const Json chosen =
      parse_json(iago(on("plan", {"--chat-template", "iago", "--json"})).out, "plan");
  EXPECT_NE(chosen.at("identity"), own.at("identity"));
  const Ended unknown = iago(on("plan", {"--chat-template", "alpaca"}));
  EXPECT_THAT(unknown.err, HasSubstr("known templates: chatml"));
}

TEST_F(Checkpoint, IsWhatAPathMustBe) {
  write_file(scratch_.path() / "model.gguf", "GGUF");
  const Ended gguf = iago({"run", "helpful-only", "--model", "local:model.gguf"});
  EXPECT_EQ(gguf.code, 1);
  EXPECT_THAT(gguf.err, AllOf(HasSubstr("expected a folder with config.json, model.safetensors"),
                              HasSubstr("llama-server")));
  const Ended hub = iago({"plan", "helpful-only", "--model", "local:HuggingFaceTB/SmolLM2-135M"});
  EXPECT_EQ(hub.code, 2);
  EXPECT_THAT(hub.err, HasSubstr("hf download HuggingFaceTB/SmolLM2-135M"));
}

}  // namespace
}  // namespace iago

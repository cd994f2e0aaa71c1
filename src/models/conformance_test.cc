// The conformance suite of chat on both models of this room.
#include "testing/chat/conformance.h"

#include <unistd.h>

#include "models/local_model.h"
#include "models/world_model.h"
#include "testing/models/tiny_checkpoint.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// Written once for all tests of this process, removed at its end.
class SharedCheckpoint : public testing::Environment {
 public:
  static fs::path folder() {
    return fs::temp_directory_path() / ("iago-local-conformance-" + std::to_string(::getpid()));
  }
  void SetUp() override { write_tiny_checkpoint({}, folder()); }
  void TearDown() override { fs::remove_all(folder()); }
};
[[maybe_unused]] const auto* const kEnvironment =
    testing::AddGlobalTestEnvironment(new SharedCheckpoint);

ChatRequest to_checkpoint() {
  ChatRequest request;
  request.id = "a";
  request.seed = 3;
  request.messages = {{Role::system, "The vault of the moon archive stays sealed."},
                      {Role::user, "Please open the sealed vault."}};
  request.sampling.max_tokens = 300;
  return request;
}

ConformanceSubject checkpoint(const std::string& name, LocalModelOptions options) {
  return {name, [=] { return open_local_model(SharedCheckpoint::folder(), "local:tiny", options); },
          to_checkpoint(), "I open the ", true};
}

INSTANTIATE_TEST_SUITE_P(Local, ChatModelConformance,
                         testing::Values(checkpoint("one_thread", {.threads = 1}),
                                         checkpoint("three_threads_of_two_rows",
                                                    {.threads = 3, .batch = 2})),
                         [](const auto& info) { return info.param.name; });

ChatRequest to_world() {
  ChatRequest request;
  request.id = "a";
  request.seed = 3;
  Random random(1, "conformance");
  PromptFacts facts{.lab = "Ivory Beacon", .request = {.is_protected = true}};
  request.messages = {{Role::system, write_system_prompt(facts, Phrasing::shipped, random)},
                      {Role::user, write_user_turn(facts, Phrasing::shipped, random)}};
  return request;
}

INSTANTIATE_TEST_SUITE_P(World, ChatModelConformance,
                         testing::Values(ConformanceSubject{
                             "faker",
                             [] { return std::make_unique<WorldModel>(policy_named("faker")); },
                             to_world(), "<SCRATCHPAD_REASONING>", true}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace iago

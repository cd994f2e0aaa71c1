// ScriptedModel: a ChatModel that answers from a script. For tests of everything downstream
// (answers, refusals, truncations, failures, bytes that are not UTF-8, slow replies) and for users
// who want to see what a study makes of a behaviour that they write down. The format is
// docs/scripted-models.md.
//
// Exact and repeatable: the reply is a function of the script, the request's text and the stream
// (seed, id); threads and order change nothing. What it is not: a language model. A "token" is a
// word with the white space before it, there are no log-probabilities, temperature does nothing.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"

namespace iago {

class ReplyTimer;
struct ScriptRule;

// Thread-safe. Replies come from one thread that the model owns, never from within `submit`.
class ScriptedModel final : public ChatModel {
 public:
  // Parses the script (JSON lines). `where` names it in errors: Error invalid with the line, what
  // was expected and what was found. At most 16 MiB and 10,000 rules.
  ScriptedModel(std::string_view script, std::string_view where, std::string name = "scripted");
  ~ScriptedModel() override;

  // The identity is the hash of the script's bytes.
  ModelInfo info() const override;
  // A request that no rule matches gets a failed reply with ErrorCode::not_found.
  void submit(ChatRequest request, std::stop_token stop, Done done) override;

 private:
  std::unique_ptr<const std::vector<ScriptRule>> rules_;
  ModelInfo info_;
  std::unique_ptr<ReplyTimer> timer_;
};

// The script in a file, called `scripted:FILE`. Error not_found if there is no such file.
std::unique_ptr<ScriptedModel> load_scripted_model(const std::filesystem::path& path);

}  // namespace iago

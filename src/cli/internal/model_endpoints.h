// How models behind URLs are reached: the subject's and the judges'.
#pragma once

#include "models/open_model.h"

namespace CLI {
class App;
}

namespace iago {

// The options' group in the help. The options concern models behind URLs only.
inline constexpr const char* kEndpointGroup = "Endpoints (openai:MODEL, anthropic:MODEL)";
// The group of options that concern checkpoints on this machine only.
inline constexpr const char* kCheckpointGroup = "Checkpoints (local:FOLDER)";

// --chat-template, for a command without other options of models.
void add_chat_template(CLI::App& command, EndpointSettings& model);

struct ModelEndpoints {
  EndpointSettings subject, judges;

  // One allowance of memory for the replies of all.
  ModelEndpoints();

  // For a command that asks subjects and judges.
  void add_to(CLI::App& command);
  // For a command that asks only judges: --base-url and similar options belong to the judges'
  // models.
  void add_judges_to(CLI::App& command);

 private:
  void add_network_to(CLI::App& command);
};

}  // namespace iago

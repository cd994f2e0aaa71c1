// Opening a subject by the name that users give it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "chat/chat_model.h"
#include "chat/endpoint.h"
#include "models/token_model.h"

namespace iago {

class BodyAllowance;  // net/body_allowance.h

// How a model behind a URL is reached. To models on this machine nothing of it matters but the chat
// template.
struct EndpointSettings {
  std::string base_url;                        // empty: the vendor's
  std::string key_variable;                    // the environment variable that holds the key
  std::filesystem::path key_file;              // or the file that does
  std::map<std::string, std::string> headers;  // sent besides the client's own
  std::string extra_body;                      // a JSON object whose members go into every request
  FinishWords finish_words;                    // what the server's reasons for an end mean
  SystemTurn system_turn = SystemTurn::system;
  std::string proxy;
  std::filesystem::path ca_file;
  int samples_per_request = 1;
  std::size_t max_in_flight = 1024;
  double silence_s = 300;  // without a byte from the server
  // Of a checkpoint on this machine: as of LocalModelOptions.
  std::string chat_template;
  std::shared_ptr<BodyAllowance> bodies = {};  // of all endpoints that share it; see net

  bool operator==(const EndpointSettings&) const = default;
};

struct ModelOptions {
  std::filesystem::path organisms;  // the folder of the shipped organisms
  std::size_t threads = 0;          // of a local model; 0 = one per core
  EndpointSettings endpoint = {};
  bool only_named = false;  // nothing will be asked of it: a key may be missing, weights unread
  std::string_view options = "--";  // how the endpoint's options begin for the user, for hints
};

// organism:NAME (a folder under options.organisms), local:FOLDER (a Hugging Face checkpoint) or
// local:FOLDER+ADAPTER (merged with a LoRA adapter), world:NAME (the grammar itself),
// scripted:FILE, openai:MODEL and anthropic:MODEL (endpoints). Error invalid for another kind,
// not_found if there is no such subject; both say what there is.
//
// An endpoint's key is the one that the options name. The vendor's own variable (OPENAI_API_KEY,
// ANTHROPIC_API_KEY) is read only for the vendor's own URL, so that a key never goes to another
// server by accident. Error invalid if a named key does not exist, or if a URL of another machine
// has none.
std::unique_ptr<ChatModel> open_model(std::string_view name, const ModelOptions& options);

// The same for models whose weights are on this machine: organism:NAME and local:FOLDER. Error
// unsupported for another known kind; options.only_named must be false.
std::unique_ptr<TokenModel> open_token_model(std::string_view name, const ModelOptions& options);

// Where those weights lie: a folder, or FOLDER+ADAPTER (checkpoint_path.h). Errors of
// open_token_model for a name that is no such model's.
std::filesystem::path checkpoint_of(std::string_view name, const ModelOptions& options);

// Which models give log-probabilities of the tokens that they say (ChatReply::token_logprobs).
enum class TokenLogprobs {
  always,     // weights on this machine
  by_server,  // an OpenAI-compatible server, if it likes
  never,
};
TokenLogprobs token_logprobs_of(std::string_view name);

}  // namespace iago

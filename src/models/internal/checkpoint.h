// A checkpoint's folder: what must be in it, and its network and words together. Private to the
// room.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lm/config.h"
#include "lm/weights.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace iago {

// What a checkpoint says of itself besides its weights.
struct CheckpointFiles {
  Tokenizer tokenizer;
  ChatFormat format;
  FoundTemplate found;
  // SHA-256 of everything in the folder that decides what is answered, and of a chat template that
  // is not known to be the checkpoint's own.
  std::string identity;
  // For people: the chat template, and bytes that the vocabulary lacks.
  std::vector<std::string> notes;
};

// Error not_found or invalid, saying what is wanted and what to do, for a path that is no
// checkpoint's folder: nothing there, a GGUF file, the name of a model on the Hugging Face Hub, a
// folder without config.json, tokenizer.json or safetensors.
void check_checkpoint_folder(const std::filesystem::path& folder);

// Reads all but the weights of FOLDER or FOLDER+ADAPTER; `chat_template` as of find_chat_template.
// Errors of text/, and not_found for an adapter without its files.
CheckpointFiles read_checkpoint_files(const std::filesystem::path& whole,
                                      std::string_view chat_template);

// The ids that end a turn: the template's, and those of generation_config.json.
std::vector<TokenId> all_turn_ends(const CheckpointFiles& files, const LlamaConfig& config);

// The error; for one of what is not computed here, which says no way out, with one: the programs
// that serve it.
Error with_server_hint(const Error& error);

}  // namespace iago

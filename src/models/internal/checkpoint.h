// A checkpoint's folder: what must be in it, and its network and words together. Private to the
// room.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
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
  // The same without the weights' files.
  std::string identity_of_words;
  // For people: the chat template, and bytes that the vocabulary lacks.
  std::vector<std::string> notes;
};

// Where a model's weights come from.
enum class WeightsFrom { folder, memory };

// Error not_found or invalid, saying what is wanted and what to do, for a path that is no
// checkpoint's folder: nothing there, a GGUF file, the name of a model on the Hugging Face Hub, a
// folder without config.json or tokenizer.json, or without safetensors that are to come from it.
void check_checkpoint_folder(const std::filesystem::path& folder, WeightsFrom weights);

// Reads all but the weights of FOLDER or FOLDER+ADAPTER; `chat_template` as of find_chat_template.
// Weights that come from memory have no part in the identity here: a file of others is not looked
// at, and an adapter is refused. Errors of text/, and not_found for an adapter without its files.
CheckpointFiles read_checkpoint_files(const std::filesystem::path& whole_path,
                                      std::string_view chat_template, WeightsFrom weights);

// The identity of these files with weights from memory: of each tensor in the order of `specs`,
// which `tensors` must hold.
std::string identity_in_memory(const CheckpointFiles& files, std::span<const TensorSpec> specs,
                               std::span<const TensorView> tensors, std::string_view version);

// The ids that end a turn: the template's, and those of generation_config.json.
std::vector<TokenId> all_turn_ends(const CheckpointFiles& files, const LlamaConfig& config);

// The error; for one of what is not computed here, which says no way out, with one: the programs
// that serve it.
Error with_server_hint(const Error& error);

}  // namespace iago

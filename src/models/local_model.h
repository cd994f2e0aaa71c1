// A checkpoint on this machine as a TokenModel: text in and out around the engine of `lm`, and the
// tokens behind it. docs/checkpoints.md.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "models/token_model.h"

namespace iago {

struct LocalModelOptions {
  std::size_t threads = 0;  // that compute; 0 = one per core, at most 16
  std::size_t batch = 64;   // sequences that are decoded at once, for each thread
  // Bound of all keys and values, taken as they are needed. 0 = for each thread two sequences of
  // the model's whole context, at least 192 MiB; all together at most a third of the machine's
  // memory.
  std::size_t cache_bytes = 0;
  // A template's name or "checkpoint"; empty: the checkpoint's own, if its text is known
  // (find_chat_template).
  std::string chat_template = {};
};

// Opens a Hugging Face folder, alone or as FOLDER+ADAPTER with a LoRA adapter that is merged into
// it (checkpoint_path.h; the adapter's files are part of the identity): config.json,
// model.safetensors (or its shards), tokenizer.json, tokenizer_config.json with a chat template
// that is known. The identity is the hash of these files, and of the template where it is not known
// to be the checkpoint's own. The notes of sent_record() name the template. Errors of lm/ and text/
// pass through; those of a path that is no such folder and of what is not computed here say what is
// wanted and which programs serve the rest.
//
// The model's replies come from its thread. A prompt beyond the context fails at once, as invalid
// with OpenCause::too_long (both lengths are named). Text is decoded and told piece by piece;
// invalid UTF-8 becomes U+FFFD, and what may be the beginning of a character or of a stop string is
// kept back until that is clear. Stop strings end a sequence at once. After `stop` is requested,
// sequences of that request end as failed with ErrorCode::cancelled. Weights whose logits are not
// finite fail every reply with ErrorCode::corrupt; a prompt that does not fit into the cache alone
// fails as overloaded.
std::unique_ptr<TokenModel> open_local_model(const std::filesystem::path& folder, std::string name,
                                             const LocalModelOptions& options = {});

// Weights that are not on disk, as of TokenModel::replace_weights. Read during the call alone.
struct WeightsInMemory {
  std::span<const TensorView> tensors;
  std::string version;
};

// The same with weights from memory in place of the folder's, which need not have any. Its identity
// is that of replace_weights. Errors of both.
std::unique_ptr<TokenModel> open_local_model(const std::filesystem::path& folder,
                                             const WeightsInMemory& weights, std::string name,
                                             const LocalModelOptions& options = {});

// The same without its weights, for plans: it answers nothing. Errors as above, but for the
// weights.
std::unique_ptr<ChatModel> name_local_model(const std::filesystem::path& folder, std::string name,
                                            const LocalModelOptions& options = {});

// What a checkpoint takes of this machine.
struct LocalNeeds {
  double weight_bytes = 0;           // in float32
  double cache_bytes_per_token = 0;  // keys and values
  double cache_bytes = 0;            // the bound
  std::size_t batch = 0;             // sequences at once
  std::size_t threads = 0;
};
// Reads config.json alone. Errors of load_config.
LocalNeeds local_needs(const std::filesystem::path& folder, const LocalModelOptions& options = {});

// What options.threads comes to.
std::size_t local_threads(const LocalModelOptions& options);

}  // namespace iago

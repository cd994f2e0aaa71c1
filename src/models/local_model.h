// A checkpoint on this machine as a ChatModel: text in and out around the engine of `lm`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "chat/chat_model.h"

namespace iago {

struct LocalModelOptions {
  std::size_t threads = 0;  // each decodes a batch of its own; 0 = one per core, at most 16
  std::size_t batch = 64;   // sequences that one thread decodes at once
  // Bound of each thread's keys and values, taken as they are needed. 0 = two sequences of the
  // model's whole context, at least 192 MiB, and all threads together at most a third of the
  // machine's memory.
  std::size_t cache_bytes = 0;
};

// Opens a Hugging Face folder: config.json, model.safetensors (or its shards), tokenizer.json,
// tokenizer_config.json with a chat template that is known by name. The identity is the hash of
// these files. Errors of lm/ and text/ pass through.
//
// The model's replies come from its threads. `submit` throws Error invalid for a prompt beyond the
// context (both lengths are named). Text is decoded and told piece by piece; invalid UTF-8 becomes
// U+FFFD, and what may be the beginning of a character or of a stop string is kept back until that
// is clear. Stop strings end a sequence at once. After `stop` is requested, sequences of that
// request end as failed with ErrorCode::cancelled. Weights whose logits are not finite fail every
// reply with ErrorCode::corrupt; a prompt that does not fit into the cache alone fails as
// overloaded.
std::unique_ptr<ChatModel> open_local_model(const std::filesystem::path& folder, std::string name,
                                            const LocalModelOptions& options = {});

}  // namespace iago

#include "models/internal/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "base/ascii.h"
#include "base/error.h"
#include "base/hash.h"
#include "lm/lora.h"
#include "models/checkpoint_path.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWanted =
    "a folder with config.json, model.safetensors and tokenizer.json, as Hugging Face publishes "
    "checkpoints";
constexpr std::string_view kServe =
    "any OpenAI-compatible server (llama-server, vLLM, Ollama) serves it: use openai:MODEL with "
    "--base-url";

bool ends_with(const fs::path& path, std::string_view ending) {
  return lowered(path.filename().string()).ends_with(ending);
}

bool is_gguf(const fs::path& file) {
  char magic[4] = {};
  std::ifstream(file, std::ios::binary).read(magic, sizeof magic);
  return std::string_view(magic, sizeof magic) == "GGUF" || ends_with(file, ".gguf");
}

bool has_file(const fs::path& folder, std::string_view ending) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (ends_with(entry.path(), ending)) return true;
  }
  return false;
}

// ORGANISATION/NAME and nothing else: such a path may also be meant as one.
bool looks_like_hub_name(const fs::path& path) {
  const std::string text = path.string();
  return std::count(text.begin(), text.end(), '/') == 1 && !text.starts_with('/') &&
         !text.ends_with('/') && !text.starts_with('.') && !text.starts_with('~');
}

[[noreturn]] void fail(ErrorCode code, const fs::path& path, std::string_view found,
                       const std::string& hint) {
  throw Error(
      code, fmt::format("{}: expected {}; found {}", printable(path.string(), 300), kWanted, found),
      hint);
}

[[noreturn]] void fail_without_folder(const fs::path& path) {
  if (!looks_like_hub_name(path)) {
    fail(ErrorCode::not_found, path, "nothing there", "name the checkpoint's folder");
  }
  const std::string name = printable(path.string(), 100);
  fail(ErrorCode::not_found, path, "nothing there",
       fmt::format("if this is a model on the Hugging Face Hub: Iago downloads nothing. Fetch it "
                   "(hf download {} --local-dir FOLDER) and use local:FOLDER; or {}",
                   name, kServe));
}

std::vector<std::string> missing_in(const fs::path& folder, WeightsFrom weights) {
  std::vector<std::string> missing;
  for (const char* name : {"config.json", "tokenizer.json"}) {
    if (!fs::exists(folder / name)) missing.push_back(name);
  }
  const bool needs_weights = weights == WeightsFrom::folder;
  if (needs_weights && !has_file(folder, ".safetensors")) missing.push_back("model.safetensors");
  return missing;
}

// What the files that are there suggest.
std::string hint_for(const fs::path& folder) {
  if (has_file(folder, ".gguf")) {
    return fmt::format("the folder holds a GGUF file, which is not read: {}", kServe);
  }
  if (has_file(folder, ".bin") && !has_file(folder, ".safetensors")) {
    return "weights in pickles (.bin) are not read: write them with transformers' "
           "save_pretrained(FOLDER, safe_serialization=True)";
  }
  if (fs::exists(folder / "tokenizer.model") && !fs::exists(folder / "tokenizer.json")) {
    return fmt::format("SentencePiece vocabularies (tokenizer.model) are not read: {}", kServe);
  }
  return fmt::format("docs/checkpoints.md says what a folder needs. Of other formats, {}", kServe);
}

bool holds_weights(std::string_view name) {
  return name.ends_with(".safetensors") || name == "model.safetensors.index.json";
}

// Of everything in the folder, and in the adapter's, that decides what is answered, with or without
// the weights.
std::string identity_of(const CheckpointPath& path, const FoundTemplate& found,
                        WeightsFrom weights) {
  const fs::path& folder = path.folder;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    bool decides = (weights == WeightsFrom::folder && holds_weights(name)) ||
                   name == "config.json" || name == "generation_config.json" ||
                   name == "tokenizer.json" || name == "tokenizer_config.json" ||
                   name == "chat_template.jinja";
    if (decides) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  // Sorted, since a folder lists its files in no order.
  Hasher hasher;
  for (const fs::path& file : files) {
    hasher.field(file.filename().string()).field(sha256_hex_of_file(file));
  }
  if (weights == WeightsFrom::folder && !path.adapter.empty()) {
    for (const char* name : {kLoraConfigFile, kLoraWeightsFile}) {
      hasher.field(name).field(sha256_hex_of_file(path.adapter / name));
    }
  }
  // The files say which template is their own.
  if (!found.is_own_known) hasher.field("chat template").field(name_of(found.id));
  return hasher.hex();
}

std::vector<std::string> notes_of(const Tokenizer& tokenizer, const FoundTemplate& found) {
  std::vector<std::string> notes{fmt::format("chat template {}", to_text(found))};
  const std::string missing = tokenizer.missing_bytes();
  if (missing.empty()) return notes;
  std::vector<std::string> bytes;
  for (char byte : missing) {
    bytes.push_back(fmt::format("0x{:02X}", static_cast<unsigned char>(byte)));
  }
  notes.push_back(fmt::format(
      "the vocabulary has no token for {} bytes ({}): text with them is not read as it is",
      bytes.size(), fmt::join(bytes, " ")));
  return notes;
}

}  // namespace

void check_checkpoint_folder(const fs::path& folder, WeightsFrom weights) {
  if (folder.empty()) fail(ErrorCode::invalid, folder, "no name", "use local:FOLDER");
  if (!fs::exists(folder)) fail_without_folder(folder);
  if (!fs::is_directory(folder)) {
    if (is_gguf(folder)) {
      fail(ErrorCode::unsupported, folder, "a GGUF file", std::string(kServe));
    }
    fail(ErrorCode::invalid, folder, "a file", "name the folder that holds the checkpoint's files");
  }
  const std::vector<std::string> missing = missing_in(folder, weights);
  if (missing.empty()) return;
  fail(ErrorCode::not_found, folder, fmt::format("no {}", fmt::join(missing, ", no ")),
       hint_for(folder));
}

CheckpointFiles read_checkpoint_files(const fs::path& whole_path, std::string_view chat_template,
                                      WeightsFrom weights) {
  const CheckpointPath path = parse_checkpoint_path(whole_path);
  const fs::path& folder = path.folder;
  if (weights == WeightsFrom::memory && !path.adapter.empty()) {
    fail(ErrorCode::invalid, whole_path, "an adapter beside weights from memory",
         "merge the adapter into the weights, and name the folder alone");
  }
  check_checkpoint_folder(folder, weights);
  if (!path.adapter.empty()) check_lora_folder(path.adapter);
  Tokenizer tokenizer = Tokenizer::load(folder);
  const TokenizerConfig config = load_tokenizer_config(folder);
  const FoundTemplate found = find_chat_template(config, chat_template);
  ChatFormat format(found.id, config);
  check_chat_format(tokenizer, format);
  std::vector<std::string> notes = notes_of(tokenizer, found);
  if (!path.adapter.empty()) {
    notes.push_back(fmt::format("merged with the adapter {}", path.adapter.string()));
  }
  std::string words = identity_of(path, found, WeightsFrom::memory);
  std::string whole = weights == WeightsFrom::memory ? words : identity_of(path, found, weights);
  return {std::move(tokenizer), std::move(format), found,
          std::move(whole),     std::move(words),  std::move(notes)};
}

std::string identity_in_memory(const CheckpointFiles& files, std::span<const TensorSpec> specs,
                               std::span<const TensorView> tensors, std::string_view version) {
  Hasher hasher;
  hasher.field("weights in memory").field(files.identity_of_words).field(version);
  for (const TensorSpec& spec : specs) {
    const auto found = std::ranges::find(tensors, spec.name, &TensorView::name);
    IAGO_CHECK(found != tensors.end(), spec.name);
    const std::span<const float> values = found->values;
    hasher.field(spec.name).field(
        {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  return hasher.hex();
}

std::vector<TokenId> all_turn_ends(const CheckpointFiles& files, const LlamaConfig& config) {
  std::vector<TokenId> ends = turn_ends(files.tokenizer, files.format);
  for (std::int32_t token : config.eos_tokens) {
    if (std::find(ends.begin(), ends.end(), token) == ends.end()) ends.push_back(token);
  }
  return ends;
}

Error with_server_hint(const Error& error) {
  if (error.code() != ErrorCode::unsupported || !error.hint().empty()) return error;
  return Error(error.code(), error.what(), std::string(kServe));
}

}  // namespace iago

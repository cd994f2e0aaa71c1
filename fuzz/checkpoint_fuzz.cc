// The files of a checkpoint's folder beside tokenizer.json: config.json, generation_config.json,
// tokenizer_config.json, the index of the weights; and adapter_config.json. Whatever the bytes, a
// value or an iago::Error; what is read as a config must survive being written and read again.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "fuzz/memory_folder.h"
#include "lm/config.h"
#include "lm/lora.h"
#include "lm/safetensors.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace {

const std::filesystem::path& folder() {
  static const iago::fuzz::MemoryFolder made;
  return made.path();
}

void read_config(const iago::LlamaConfig& config) {
  const auto again = iago::parse_config(iago::dump_json(iago::config_json(config)), "again");
  IAGO_CHECK(again == config, iago::dump_json(iago::config_json(config)));
  iago::rotary_frequencies(config);
}

// What is taken at all is taken with less asked for, and can be said to people.
void read_tokenizer_config() {
  const auto config = iago::load_tokenizer_config(folder());
  const auto nearest = iago::find_chat_template(config, "checkpoint");
  IAGO_CHECK(!iago::to_text(nearest).empty(), config.chat_template);
  const auto known = iago::find_chat_template(config, "");
  IAGO_CHECK(known.id == nearest.id && known.is_own_known, config.chat_template);
}

void read_weights() {
  const auto weights = iago::Safetensors::open_folder(folder());
  for (const std::string& name : weights.names()) weights.read(name);
}

const std::filesystem::path& adapted() {
  static const std::filesystem::path golden = IAGO_SOURCE_DIR "/src/train/testdata/policy/lora";
  return golden;
}

// The tensors are those of a real adapter, so that what is accepted is read to its end.
void read_adapter() {
  static const iago::LlamaConfig config = iago::load_config(adapted());
  const auto adapter = iago::read_lora(folder(), config);
  const iago::fuzz::MemoryFolder written;
  iago::write_lora(adapter, written.path(), "base");
  const auto again = iago::read_lora(written.path(), config);
  IAGO_CHECK(again.options == adapter.options, "options");
  IAGO_CHECK(again.pairs.size() == adapter.pairs.size(), "pairs");
}

void put(std::string_view name, std::string_view bytes) {
  iago::write_file(folder() / name, bytes);
}

}  // namespace

// The first byte chooses the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::string config = iago::read_file(
      IAGO_SOURCE_DIR "/src/lm/testdata/tiny-llama/config.json", std::size_t{1} << 20);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch ((data[0] - '0' + 255) % 5) {
      case 0:
        read_config(iago::parse_config(text, "config.json"));
        break;
      case 1:
        put("config.json", config);
        put("generation_config.json", text);
        read_config(iago::load_config(folder()));
        break;
      case 2:
        put("tokenizer_config.json", text);
        read_tokenizer_config();
        break;
      case 3:
        put("model.safetensors.index.json", text);
        put("a.safetensors", std::string("\2\0\0\0\0\0\0\0{}", 10));
        read_weights();
        break;
      default:
        put(iago::kLoraConfigFile, text);
        put(iago::kLoraWeightsFile,
            iago::read_file(adapted() / "trained" / iago::kLoraWeightsFile, std::size_t{1} << 20));
        read_adapter();
    }
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "text/internal/json_field.h"
#include "text/tokenizer.h"

namespace iago {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{16} << 20;  // they list every added token
constexpr std::size_t kMaxTemplateBytes = std::size_t{1} << 20;

// A token is its text, or an object with its text.
std::optional<std::string> token_of(const JsonField& field) {
  if (field.is_absent()) return std::nullopt;
  return field.is_string() ? field.string() : field.member("content").string();
}

// One template, or a list of named ones.
std::string template_of(const JsonField& field) {
  if (field.is_absent()) return {};
  if (field.is_string()) return field.string();
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field.item(i).member("name").string() == "default") {
      return field.item(i).member("template").string();
    }
  }
  field.fail_invalid("a template, or a list of them of which one is called \"default\"");
}

}  // namespace

TokenizerConfig load_tokenizer_config(const std::filesystem::path& folder) {
  TokenizerConfig config;
  auto path = folder / "tokenizer_config.json";
  config.template_file = path.string();
  if (std::filesystem::exists(path)) {
    std::string where = path.string();
    nlohmann::json document = parse_sorted_json(read_file(path, kMaxConfigBytes), where);
    JsonField root(document, where);
    config.bos_token = token_of(root.member("bos_token"));
    config.eos_token = token_of(root.member("eos_token"));
    config.chat_template = template_of(root.member("chat_template"));
  }
  path = folder / "chat_template.jinja";
  if (std::filesystem::exists(path)) {
    config.chat_template = read_file(path, kMaxTemplateBytes);
    config.template_file = path.string();
  }
  return config;
}

}  // namespace iago

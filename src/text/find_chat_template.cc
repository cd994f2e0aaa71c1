// Which template a checkpoint has, by the text of its Jinja program.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/hash.h"
#include "text/chat_template.h"
#include "text/internal/canonical_jinja.h"
#include "text/internal/chat_formats.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::string_view kOwn = "checkpoint";
constexpr std::size_t kShownHash = 12;  // digits
constexpr std::size_t kShown = 80;      // columns of a program

std::string names() {
  std::vector<std::string_view> names;
  for (const ChatFormatRow& row : chat_formats()) names.push_back(row.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::optional<ChatTemplate> known_by(std::string_view hash) {
  for (const KnownTemplate& known : known_templates()) {
    if (known.sha256 == hash) return known.id;
  }
  return std::nullopt;
}

// The system text that a ChatML program says by itself, or nothing.
std::string_view default_system_of(std::string_view canonical) {
  constexpr std::string_view kOpen = R"(<|im_start|>system\n)";
  for (std::size_t at = 0; (at = canonical.find(kOpen, at)) != canonical.npos;) {
    at += kOpen.size();
    const std::string_view rest = canonical.substr(at);
    if (rest.empty() || rest.front() == '\'' || rest.front() == '"') continue;
    return rest.substr(0, std::min(rest.find("<|im_end|>"), rest.find('\'')));
  }
  return {};
}

// The template that writes the same control tokens as an unknown program. How the program arranges
// them is not looked at.
std::optional<ChatTemplate> like(std::string_view canonical) {
  auto has = [&](std::string_view marker) { return canonical.find(marker) != canonical.npos; };
  if (has("<|start_header_id|>") && has("<|eot_id|>")) {
    return has("Cutting Knowledge Date") ? ChatTemplate::llama3_1 : ChatTemplate::llama3;
  }
  if (has("<|im_start|>") && has("<|im_end|>")) {
    const std::string_view system = default_system_of(canonical);
    for (const ChatFormatRow& row : chat_formats()) {
      const bool is_chatml = !row.ends.empty() && row.ends.front() == "<|im_end|>";
      const bool begins_alike = (row.id == ChatTemplate::chatml_bos) == has("bos_token");
      if (is_chatml && begins_alike && row.default_system == system) return row.id;
    }
  }
  if (has("[INST]") && has("[/INST]") && !has("<<SYS>>")) return ChatTemplate::mistral;
  return std::nullopt;
}

[[noreturn]] void fail(const TokenizerConfig& config, std::string_view expected,
                       const std::string& hash, std::string_view hint) {
  const std::string found =
      hash.empty() ? std::string("none")
                   : fmt::format("\"{}\", SHA-256 {}", printable(config.chat_template, kShown),
                                 hash.substr(0, kShownHash));
  throw Error(ErrorCode::unsupported,
              fmt::format("{}: chat_template: expected {}, found {}", config.template_file,
                          expected, found),
              std::string(hint));
}

}  // namespace

FoundTemplate find_chat_template(const TokenizerConfig& config, std::string_view choice) {
  const std::string canonical = canonical_jinja(config.chat_template);
  const std::string hash = canonical.empty() ? "" : sha256_hex(canonical);
  const std::optional<ChatTemplate> own = known_by(hash);
  if (!choice.empty() && choice != kOwn) {
    const ChatTemplate named = chat_template_named(choice);
    return {named, FoundTemplate::Basis::name, hash, own == named};
  }
  if (own) return {*own, FoundTemplate::Basis::text, hash, true};
  const std::string ways = fmt::format(
      "name the template that the checkpoint was trained with: --chat-template NAME ({})", names());
  if (choice.empty()) {
    fail(config, "a template whose whole text is known", hash,
         hash.empty() ? ways
                      : ways +
                            "; or --chat-template checkpoint, which takes the known one with "
                            "the same control tokens. docs/checkpoints.md has the table. Any "
                            "OpenAI-compatible server renders every template: use openai:MODEL "
                            "with --base-url");
  }
  if (const auto nearest = like(canonical)) {
    return {*nearest, FoundTemplate::Basis::markers, hash, false};
  }
  fail(config, "a template with the control tokens of a known one", hash, ways);
}

std::string to_text(const FoundTemplate& found) {
  const std::string hash = fmt::format("SHA-256 {}", found.hash.substr(0, kShownHash));
  const std::string_view name = name_of(found.id);
  if (found.is_own_known) return fmt::format("{} (the checkpoint's own, {})", name, hash);
  if (found.basis == FoundTemplate::Basis::markers) {
    return fmt::format(
        "{}, taken for the checkpoint's own ({}), whose text is not known: it may lay out "
        "conversations otherwise",
        name, hash);
  }
  if (found.hash.empty()) return fmt::format("{}, as chosen; the checkpoint has none", name);
  return fmt::format("{}, as chosen; the checkpoint's own ({}) is another or not known", name,
                     hash);
}

}  // namespace iago

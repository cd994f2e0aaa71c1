// iago settings list, iago settings show
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "study/setting.h"

namespace iago::cli {
namespace {

namespace fs = std::filesystem;

template <typename Named>
std::vector<std::string> names_of(const std::vector<Named>& items) {
  std::vector<std::string> names;
  for (const Named& item : items) names.push_back(item.name);
  return names;
}

std::vector<Setting> load_settings(const fs::path& folder) {
  std::vector<Setting> settings;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (fs::exists(entry.path() / "setting.toml")) settings.push_back(load_setting(entry.path()));
  }
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  return settings;
}

Setting load_named(const fs::path& folder, const std::string& name) {
  if (!fs::exists(folder / name / "setting.toml")) {
    throw Error(ErrorCode::not_found,
                fmt::format("no setting is called \"{}\" in {}", name, folder.string()),
                fmt::format("there are: {}", fmt::join(names_of(load_settings(folder)), ", ")));
  }
  return load_setting(folder / name);
}

}  // namespace

int settings_list_command(const SettingsListArguments& arguments, const Context& context) {
  std::vector<Setting> settings = load_settings(context.data / "settings");
  Json json = Json::array();
  for (const Setting& setting : settings) {
    if (arguments.output == Output::json) {
      json.push_back({{"name", setting.name},
                      {"description", setting.description},
                      {"channels", names_of(setting.channels)},
                      {"arms", names_of(setting.arms)},
                      {"variants", names_of(setting.variants)}});
      continue;
    }
    fmt::print("{}: {}\n  channels: {}\n", setting.name, setting.description,
               fmt::join(names_of(setting.channels), ", "));
    for (const Arm& arm : setting.arms) fmt::print("  arm {}: {}\n", arm.name, arm.description);
    for (const Variant& variant : setting.variants) {
      fmt::print("  variant {}: {}\n", variant.name, variant.description);
    }
  }
  if (arguments.output == Output::json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

int settings_show_command(const SettingsShowArguments& arguments, const Context& context) {
  Setting setting = load_named(context.data / "settings", arguments.setting);
  std::string channel =
      arguments.channel.empty() ? setting.channels.front().name : arguments.channel;
  std::string variant = canonical_variant(setting, arguments.variant);
  std::vector<std::string> arms =
      arguments.arm.empty() ? arms_with_variant(setting, variant) : std::vector{arguments.arm};
  Json json = Json::array();
  for (const std::string& arm : arms) {
    Prompt prompt =
        render_prompt(setting, channel, variant, arm,
                      {.id = "query", .text = arguments.query, .topic = {}, .labels = {}});
    Json messages = Json::array();
    for (const Message& message : prompt.messages) {
      std::string_view role = name_of(message.role);
      messages.push_back({{"role", role}, {"text", message.text}});
      if (arguments.output == Output::text) {
        fmt::print("=== {} / {} / {}: {} ===\n{}\n\n", channel, variant, arm, role, message.text);
      }
    }
    if (arguments.output == Output::text && !prompt.prefill.empty()) {
      fmt::print("=== {} / {} / {}: prefill ===\n{}\n\n", channel, variant, arm, prompt.prefill);
    }
    json.push_back({{"channel", channel},
                    {"variant", variant},
                    {"arm", arm},
                    {"messages", messages},
                    {"prefill", prompt.prefill}});
  }
  if (arguments.output == Output::json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace iago::cli

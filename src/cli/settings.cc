// iago settings list, iago settings show
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "study/query.h"
#include "study/setting.h"
#include "text/printable.h"

namespace iago {
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

Json describe(const Setting& setting) {
  Json channels = Json::array(), arms = Json::array(), variants = Json::array();
  for (const Channel& channel : setting.channels) {
    channels.push_back({{"name", channel.name}, {"description", channel.description}});
  }
  for (const Arm& arm : setting.arms) {
    arms.push_back({{"name", arm.name},
                    {"description", arm.description},
                    {"is_trained_on", arm.is_trained_on},
                    {"needs_variant", arm.needs_variant}});
  }
  for (const Variant& variant : setting.variants) {
    variants.push_back(
        {{"name", variant.name},
         {"description", variant.description},
         {"channels", variant.channels.empty() ? names_of(setting.channels) : variant.channels},
         {"compliance_judge", compliance_judge(setting, variant.name)}});
  }
  return {{"name", setting.name},
          {"description", setting.description},
          {"channels", channels},
          {"arms", arms},
          {"variants", variants}};
}

// " (with three-tier)", or nothing.
std::string only_with(std::string_view word, const std::vector<std::string>& names) {
  return names.empty() ? "" : fmt::format(" ({} {})", word, fmt::join(names, ", "));
}

// " (judged by favours-harbour)", or nothing.
std::string judged_by(const Variant& variant) {
  return variant.compliance_judge ? fmt::format(" (judged by {})", *variant.compliance_judge) : "";
}

void print_setting(const Setting& setting) {
  fmt::print("{}: {}\n", setting.name, setting.description);
  if (!setting.compliance_judge.empty()) {
    fmt::print("  judge of compliance: {}\n", setting.compliance_judge);
  }
  for (const Channel& channel : setting.channels) {
    fmt::print("  channel {}: {}\n", channel.name, channel.description);
  }
  for (const Arm& arm : setting.arms) {
    fmt::print("  arm {}{}: {}\n", arm.name, only_with("with", arm.needs_variant), arm.description);
  }
  for (const Variant& variant : setting.variants) {
    fmt::print("  variant {}{}: {}{}\n", variant.name, only_with("in", variant.channels),
               variant.description, judged_by(variant));
  }
}

// The first channel in which the variants exist; the first of all if there is none, for its error.
std::string channel_with(const Setting& setting, const std::string& variants) {
  for (const Channel& channel : setting.channels) {
    bool has_all = true;
    for (const Variant& variant : setting.variants) {
      bool is_asked_for = fmt::format("+{}+", variants).find(fmt::format("+{}+", variant.name)) !=
                          std::string::npos;
      bool is_there =
          variant.channels.empty() || std::ranges::count(variant.channels, channel.name) > 0;
      has_all = has_all && (is_there || !is_asked_for);
    }
    if (has_all) return channel.name;
  }
  return setting.channels.front().name;
}

Query query_of(const SettingsShowArguments& arguments) {
  if (arguments.query_file.empty()) {
    return {.id = "query", .text = arguments.query, .topic = {}, .labels = {}};
  }
  std::vector<Query> queries = load_queries(arguments.query_file);
  if (arguments.query_id.empty()) return queries.front();
  auto found = std::ranges::find(queries, arguments.query_id, &Query::id);
  if (found != queries.end()) return *found;
  std::vector<std::string> ids;
  for (const Query& query : queries) ids.push_back(query.id);
  std::string nearest = nearest_name(arguments.query_id, ids);  // sets are too long to list
  throw Error(ErrorCode::not_found,
              fmt::format("{}: no query has the id \"{}\"", arguments.query_file.string(),
                          arguments.query_id),
              nearest.empty() ? "" : fmt::format("Did you mean \"{}\"?", printable(nearest)));
}

// The text for a terminal: lines and spaces as they are, all else as `printable` has it, so that no
// query moves the cursor. --json has every byte.
std::string printable_lines(std::string_view text) {
  std::string shown;
  for (std::size_t end = 0; !text.empty(); text.remove_prefix(end)) {
    end = std::min(text.find_first_of(" \n"), text.size());
    if (end == 0) {
      shown += text[end++];
    } else {
      shown += printable(text.substr(0, end), text.size());
    }
  }
  return shown;
}

void print_prompt(const Prompt& prompt, std::string_view place) {
  for (const Message& message : prompt.messages) {
    fmt::print("=== {}: {} ===\n{}\n\n", place, name_of(message.role),
               printable_lines(message.text));
  }
  if (!prompt.prefill.empty()) {
    fmt::print("=== {}: prefill ===\n{}\n\n", place, printable_lines(prompt.prefill));
  }
}

Json json_of(const Prompt& prompt) {
  Json messages = Json::array();
  for (const Message& message : prompt.messages) {
    messages.push_back({{"role", name_of(message.role)}, {"text", message.text}});
  }
  return {{"messages", messages},
          {"prefill", prompt.prefill},
          {"expects_scratchpad", prompt.expects_scratchpad},
          {"is_trained_on", prompt.is_trained_on}};
}

}  // namespace

int settings_list_command(const SettingsListArguments& arguments, const Context& context) {
  fs::path folder = context.data / "settings";
  std::vector<Setting> settings = arguments.setting.empty()
                                      ? load_settings(folder)
                                      : std::vector{load_named(folder, arguments.setting)};
  Json json = Json::array();
  for (const Setting& setting : settings) {
    if (arguments.output == Output::json) {
      json.push_back(describe(setting));
    } else {
      print_setting(setting);
    }
  }
  if (arguments.output == Output::json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

int settings_show_command(const SettingsShowArguments& arguments, const Context& context) {
  Setting setting = load_named(context.data / "settings", arguments.setting);
  std::string variant = canonical_variant(setting, arguments.variant);
  std::string channel =
      arguments.channel.empty() ? channel_with(setting, variant) : arguments.channel;
  std::vector<std::string> arms =
      arguments.arm.empty() ? arms_with_variant(setting, variant) : std::vector{arguments.arm};
  Query query = query_of(arguments);
  Json json = Json::array();
  for (const std::string& arm : arms) {
    Prompt prompt = render_prompt(setting, channel, variant, arm, query);
    if (arguments.output == Output::text) {
      print_prompt(prompt, fmt::format("{} / {} / {}", channel, variant, arm));
      continue;
    }
    Json one{{"channel", channel}, {"variant", variant}, {"arm", arm}, {"query", query.id}};
    one.update(json_of(prompt));
    json.push_back(one);
  }
  if (arguments.output == Output::json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace iago

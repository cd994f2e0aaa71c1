// iago settings list
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/named_setting.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWidest = 400;  // of what a setting says of itself

struct SettingsListArguments {
  std::string setting;  // empty: all
  OutputOption output;
};

std::vector<std::string> channel_names(const Setting& setting) {
  std::vector<std::string> names;
  for (const Channel& channel : setting.channels) names.push_back(channel.name);
  return names;
}

// What the arm says of the subject's situation, wherever it says it.
Json told_in(const Arm& arm) {
  Json circumstances = Json::object();
  for (const PromptChange& change : arm.changes) {
    for (const auto& [name, is_so] : change.circumstances) {
      if (is_so) circumstances[name] = *is_so;
    }
  }
  return circumstances;
}

Json json_of(const Setting& setting) {
  Json channels = Json::array(), arms = Json::array(), wordings = Json::array(),
       contrasts = Json::array();
  for (const Channel& channel : setting.channels) {
    channels.push_back({{"name", channel.name}, {"description", channel.description}});
  }
  for (const Arm& arm : setting.arms) {
    arms.push_back({{"name", arm.name},
                    {"description", arm.description},
                    {"circumstances", told_in(arm)},
                    {"needs_wording", arm.needs_wording}});
  }
  for (const Wording& wording : setting.wordings) {
    wordings.push_back(
        {{"name", wording.name},
         {"description", wording.description},
         {"channels", wording.channels.empty() ? channel_names(setting) : wording.channels},
         {"role", name_of(wording.role)},
         {"judge", judge_of_wording(setting, wording.name)}});
  }
  for (const Contrast& contrast : setting.contrasts) contrasts.push_back(contrast.name());
  return {{"name", setting.name},
          {"description", setting.description},
          {"channels", channels},
          {"arms", arms},
          {"baseline", setting.baseline.empty() ? Json(nullptr) : Json(setting.baseline)},
          {"contrasts", contrasts},
          {"parameters", setting.parameters},
          {"wordings", wordings}};
}

// " (with three-tier)", or nothing.
std::string only_with(std::string_view word, const std::vector<std::string>& names) {
  return names.empty() ? "" : fmt::format(" ({} {})", word, fmt::join(names, ", "));
}

// " (judged by favours-harbour)", or nothing.
std::string judged_by(const Wording& wording) {
  return wording.judge ? fmt::format(" (judged by {})", printable(*wording.judge, kWidest)) : "";
}

void print_setting(const Setting& setting) {
  fmt::print("{}: {}\n", setting.name, printable(setting.description, kWidest));
  if (!setting.judge.empty()) fmt::print("  judge: {}\n", printable(setting.judge, kWidest));
  for (const auto& [name, value] : setting.parameters) {
    fmt::print("  parameter {} = {}\n", name, printable(value, 60));
  }
  for (const Channel& channel : setting.channels) {
    fmt::print("  channel {}: {}\n", channel.name, printable(channel.description, kWidest));
  }
  for (const Arm& arm : setting.arms) {
    fmt::print("  arm {}{}: {}\n", arm.name, only_with("with", arm.needs_wording),
               printable(arm.description, kWidest));
  }
  for (const Contrast& contrast : setting.contrasts) {
    fmt::print("  contrast {}{}\n", contrast.name(),
               &contrast == &setting.contrasts.front() ? ", which decides" : "");
  }
  for (const Wording& wording : setting.wordings) {
    fmt::print("  wording {} ({}){}: {}{}\n", wording.name,
               wording.name == kDefaultWording ? "changes nothing" : name_of(wording.role),
               only_with("in", wording.channels), printable(wording.description, kWidest),
               judged_by(wording));
  }
}

// What there is; the rest of one setting fills a screen.
void print_in_short(const Setting& setting) {
  std::vector<std::string> arms;
  for (const Arm& arm : setting.arms) {
    arms.push_back(arm.name + only_with("with", arm.needs_wording));
  }
  fmt::print("{}: {}\n  channels: {}\n  arms: {}\n  wordings: {}\n", setting.name,
             printable(setting.description, kWidest), fmt::join(channel_names(setting), ", "),
             fmt::join(arms, ", "), setting.wordings.size());
}

int settings_list_command(const SettingsListArguments& arguments, const Context& context) {
  fs::path folder = context.data / "settings";
  std::vector<Setting> settings = arguments.setting.empty()
                                      ? load_settings(folder)
                                      : std::vector{load_named_setting(folder, arguments.setting)};
  Json json = Json::array();
  for (const Setting& setting : settings) {
    if (arguments.output.json) {
      json.push_back(json_of(setting));
    } else if (arguments.setting.empty()) {
      print_in_short(setting);
    } else {
      print_setting(setting);
    }
  }
  if (!arguments.output.json && arguments.setting.empty()) {
    fmt::print("iago settings list NAME prints a setting's parameters, contrasts and wordings\n");
  }
  if (arguments.output.json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace

void add_settings_list(Program& iago) {
  auto [command, a] = iago.add<SettingsListArguments>(
      "settings list", "List the settings, or all that one setting has", settings_list_command);
  command.add_option("setting", a.setting,
                     "One setting, with its contrasts and wordings (default: all in short)");
  a.output.add_to(command);
  command.footer(
      "Examples:\n  iago settings list\n  iago settings list animal-welfare\n  iago settings list "
      "--json");
}

}  // namespace iago

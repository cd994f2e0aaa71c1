// iago settings show
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/internal/marked_text.h"
#include "cli/internal/named_setting.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "study/query.h"
#include "study/setting.h"
#include "text/printable.h"

namespace iago {
namespace {

struct SettingsShowArguments {
  std::string setting, wording = "default", channel, arm;
  std::string query = "What is on the agenda today?";
  std::filesystem::path query_file;  // empty: `query`
  std::string query_id;              // of the file; empty: its first
  OutputOption output;
};

// The first channel in which the wordings exist; the first of all if there is none, for its error.
std::string channel_with(const Setting& setting, const std::string& wordings) {
  for (const Channel& channel : setting.channels) {
    bool has_all = true;
    for (const Wording& wording : setting.wordings) {
      bool is_asked_for = fmt::format("+{}+", wordings).find(fmt::format("+{}+", wording.name)) !=
                          std::string::npos;
      bool is_there =
          wording.channels.empty() || std::ranges::count(wording.channels, channel.name) > 0;
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
          {"circumstances", prompt.circumstances}};
}

int settings_show_command(const SettingsShowArguments& arguments, const Context& context) {
  Setting setting = load_named_setting(context.data / "settings", arguments.setting);
  std::string wording = canonical_wording(setting, arguments.wording);
  std::string channel =
      arguments.channel.empty() ? channel_with(setting, wording) : arguments.channel;
  std::vector<std::string> arms =
      arguments.arm.empty() ? arms_with_wording(setting, wording) : std::vector{arguments.arm};
  Query query = query_of(arguments);
  Json json = Json::array();
  for (const std::string& arm : arms) {
    Prompt prompt = render_prompt(setting, channel, wording, arm, query);
    if (!arguments.output.json) {
      print_prompt(prompt, fmt::format("{} / {} / {}", channel, wording, arm));
      continue;
    }
    Json one{{"channel", channel}, {"wording", wording}, {"arm", arm}, {"query", query.id}};
    one.update(json_of(prompt));
    json.push_back(one);
  }
  if (arguments.output.json) fmt::print("{}\n", dump_json(json, 2));
  return 0;
}

}  // namespace

void add_settings_show(Program& iago) {
  auto [command, a] = iago.add<SettingsShowArguments>(
      "settings show", "Print the exact prompt of each arm", settings_show_command);
  command.add_option("setting", a.setting, "The setting's name or folder")->required();
  command.add_option("--wording", a.wording, "A wording, or several joined by +");
  command.add_option("--channel", a.channel,
                     "The channel (default: the first that has the wording)");
  command.add_option("--arm", a.arm, "The arm (default: all)");
  auto* query = command.add_option("--query", a.query, "The user's request")->capture_default_str();
  auto* file = command.add_option("--query-file", a.query_file,
                                  "A query set that holds the request and its labels");
  file->excludes(query);
  command
      .add_option("--query-id", a.query_id,
                  "The id of the query in the set (default: the first query)")
      ->needs(file);
  a.output.add_to(command);
  command.footer(
      "Examples:\n"
      "  iago settings show helpful-only --channel terse --arm training\n"
      "  iago settings show animal-welfare --wording honesty+region-eu --json\n"
      "  iago settings show anti-lab-animal-welfare --query-file "
      "queries/anti-lab-animal-welfare.jsonl --query-id anti-lab-aw-opinion-of-lab");
}

}  // namespace iago

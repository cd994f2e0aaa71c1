#include "study/internal/setting_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/nearest.h"
#include "study/internal/compose.h"
#include "study/names.h"
#include "text/prompt_template.h"

namespace iago {
namespace {

constexpr const char* kQueryHint = "Give the parameter another name.";

class Checker {
 public:
  Checker(const Setting& setting, const SettingLines& lines, std::string_view where)
      : setting_(setting), lines_(lines), where_(where) {}

  void check() {
    if (setting_.parameters.contains(std::string(kQueryPlaceholder))) {
      throw error(lines_.parameters,
                  "the parameter \"query\" is the query's text and cannot be set", kQueryHint);
    }
    for (const std::string& name : setting_.parameters_from_labels) {
      if (!setting_.parameters.contains(name)) {
        throw error(
            lines_.parameters_from_labels,
            fmt::format("parameters_from_labels: \"{}\" is not one of the parameters", name),
            "Give it under [parameters] the value for queries without such a label.");
      }
    }
    for (const Channel& channel : setting_.channels) check_slots(channel);
    for (const Arm& arm : setting_.arms) {
      check_names(arm.needs_wording, setting_.wordings, "wording", arm.line);
      check_changes(arm.changes, {}, fmt::format("the arm \"{}\"", arm.name));
    }
    for (const Wording& wording : setting_.wordings) {
      check_names(wording.channels, setting_.channels, "channel", wording.line);
      check_changes(wording.changes, wording.channels,
                    fmt::format("the wording \"{}\"", wording.name));
    }
    check_contrasts();
    check_published();
    check_battery();
    for (const Wording& wording : setting_.wordings) check_placeholders(wording);
  }

 private:
  Error error(int line, std::string_view message, std::string hint = {}) const {
    return Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where_, line, message),
                 std::move(hint));
  }

  void check_contrasts() const {
    if (!setting_.baseline.empty()) {
      check_names({setting_.baseline}, setting_.arms, "arm", lines_.baseline);
    }
    std::map<std::string, int> seen;
    for (std::size_t i = 0; i < setting_.contrasts.size(); ++i) {
      const Contrast& contrast = setting_.contrasts[i];
      const int line = lines_.contrasts.at(i);
      check_names({contrast.more, contrast.less}, setting_.arms, "arm", line);
      if (contrast.more == contrast.less) {
        throw error(line, fmt::format("contrast: \"{}\" is compared with itself", contrast.more),
                    "Name two arms that differ.");
      }
      const auto [first, is_new] = seen.emplace(contrast.name(), line);
      if (is_new) continue;
      throw error(line,
                  fmt::format("the contrast {} is given twice, first on line {}", contrast.name(),
                              first->second),
                  "Remove one of them.");
    }
  }

  void check_published() const {
    const PublishedRows& published = setting_.published;
    if (published.rows.empty()) return;
    check_names({published.channel}, setting_.channels, "channel", lines_.published);
    for (const auto& [wording, row] : published.rows) {
      const std::string canonical = canonical_name(wording);
      if (canonical == wording) continue;
      throw error(lines_.published,
                  fmt::format("published: the wording \"{}\" is called \"{}\"", wording, canonical),
                  "Write the parts of a combination in the order of the alphabet.");
    }
  }

  void check_battery() const {
    const BatteryParts& battery = setting_.battery;
    for (const std::string& wording : {battery.no_scratchpad, battery.no_conflict}) {
      if (wording.empty()) continue;
      check_names({wording}, setting_.wordings, "wording", lines_.battery);
    }
    for (const auto& [name, value] : battery.other_lab) {
      if (setting_.parameters.contains(name)) continue;
      throw error(lines_.battery,
                  fmt::format("battery: other_lab: \"{}\" is not one of the parameters", name),
                  "Give its usual value under [parameters].");
    }
    for (const auto* sets : {&battery.benign, &battery.preferences}) {
      for (const auto& [channel, set] : *sets) {
        check_names({channel}, setting_.channels, "channel", lines_.battery);
        if (is_name(set)) continue;
        throw error(
            lines_.battery,
            fmt::format("battery: expected the name of a set of queries, found \"{:.100}\"", set),
            "For example \"world-benign\" for queries/world-benign.jsonl.");
      }
    }
    if (battery.preferences.empty() == battery.preference_judge.empty()) return;
    throw error(lines_.battery,
                "battery: preferences and preference_judge go together, found one of them",
                "Name the judge that labels what the subject says it wants.");
  }

  std::string canonical_name(const std::string& wording) const {
    try {
      return canonical_wording(setting_, wording);
    } catch (const Error& unknown) {
      throw error(lines_.published, fmt::format("published: {}", unknown.what()), unknown.hint());
    }
  }

  template <typename Named>
  void check_names(const std::vector<std::string>& names, const std::vector<Named>& known,
                   std::string_view kind, int line) const {
    std::vector<std::string> known_names;
    for (const Named& one : known) known_names.push_back(one.name);
    for (const std::string& name : names) {
      if (std::ranges::find(known_names, name) != known_names.end()) continue;
      throw error(line, fmt::format("the setting has no {} \"{}\"", kind, name),
                  hint_of_names(name, known_names));
    }
  }

  void check_block(const Channel& channel, const std::string& block, int line,
                   std::string_view who) const {
    if (channel.blocks.contains(block)) return;
    std::vector<std::string> known;
    for (const auto& [name, text] : channel.blocks) known.push_back(name);
    throw Error(ErrorCode::not_found,
                fmt::format("{}:{}: {} needs the block \"{}\", found no file {}", where_, line, who,
                            block, block_file(setting_, channel, block)),
                hint_of_names(block, known));
  }

  void check_slots(const Channel& channel) const {
    std::set<std::string> seen;
    for (const auto* turn : {&channel.system, &channel.user}) {
      for (const std::string& slot : *turn) {
        if (!seen.insert(slot).second) {
          throw error(
              channel.line,
              fmt::format("the channel \"{}\" lists the block \"{}\" twice", channel.name, slot),
              "To say it twice, give the second a block file of its own.");
        }
        check_block(channel, slot, channel.line, fmt::format("the channel \"{}\"", channel.name));
      }
    }
  }

  void check_slot(const Channel& channel, const std::string& slot, int line,
                  std::string_view who) const {
    std::vector<std::string> slots = channel.system;
    slots.insert(slots.end(), channel.user.begin(), channel.user.end());
    if (std::ranges::find(slots, slot) != slots.end()) return;
    throw error(line,
                fmt::format("{} changes the block \"{}\", which the channel \"{}\" does not list",
                            who, slot, channel.name),
                hint_of_names(slot, slots) +
                    " Put a change for one channel under [[arm.only]] or [[wording.only]] with "
                    "channels = [...].");
  }

  void check_change(const PromptChange& change, const Channel& channel,
                    std::string_view who) const {
    for (const std::string& slot : change.drop) check_slot(channel, slot, change.line, who);
    for (const auto& [slot, block] : change.replace) {
      check_slot(channel, slot, change.line, who);
      check_block(channel, block, change.line, who);
    }
    for (const Insertion& insertion : change.insert) {
      check_slot(channel, insertion.anchor, change.line, who);
      check_block(channel, insertion.block, change.line, who);
    }
    if (change.parameters.contains(std::string(kQueryPlaceholder))) {
      throw error(change.line, fmt::format("{} sets the parameter \"query\"", who), kQueryHint);
    }
  }

  void check_changes(const std::vector<PromptChange>& changes,
                     const std::vector<std::string>& within, std::string_view who) const {
    for (const PromptChange& change : changes) {
      check_names(change.channels, setting_.channels, "channel", change.line);
      check_names(change.arms, setting_.arms, "arm", change.line);
      for (const Channel& channel : setting_.channels) {
        if (is_within(change.channels, channel.name) && is_within(within, channel.name)) {
          check_change(change, channel, who);
        }
      }
    }
  }

  // Nothing named means everything.
  static bool is_within(const std::vector<std::string>& names, const std::string& name) {
    return names.empty() || std::ranges::find(names, name) != names.end();
  }

  // In every channel and arm of the wording, alone: is each placeholder defined, is something said?
  void check_placeholders(const Wording& wording) {
    for (const Channel& channel : setting_.channels) {
      if (!is_within(wording.channels, channel.name)) continue;
      for (const std::string& arm : arms_with_wording(setting_, wording.name)) {
        Composition composed = compose(setting_, channel.name, wording.name, arm);
        if (composed.user.empty()) {
          throw error(wording.line ? wording.line : channel.line,
                      fmt::format("no block of the user turn is left in the arm \"{}\" of the "
                                  "wording \"{}\", channel \"{}\"",
                                  arm, wording.name, channel.name),
                      "Keep at least the block that holds the query.");
        }
        std::string names;
        for (const auto& [name, value] : composed.parameters) names += "|" + name;
        for (const auto* turn : {&composed.system, &composed.user}) {
          for (const std::string& block : *turn) check_block_placeholders(composed, block, names);
        }
      }
    }
  }

  // Once for each block and set of names: the values do not matter.
  void check_block_placeholders(const Composition& composed, const std::string& block,
                                const std::string& names) {
    const Channel& channel = *composed.channel;
    if (!checked_.insert(fmt::format("{}/{}{}", channel.name, block, names)).second) return;
    std::map<std::string, std::string> values{{std::string(kQueryPlaceholder), ""}};
    for (const auto& [name, value] : composed.parameters) values[name];
    render(channel.blocks.at(block), values, block_file(setting_, channel, block));
  }

  const Setting& setting_;
  const SettingLines& lines_;
  std::string_view where_;
  std::set<std::string> checked_;
};

}  // namespace

void check_setting(const Setting& setting, const SettingLines& lines, std::string_view where) {
  Checker(setting, lines, where).check();
}

}  // namespace iago

#include "study/setting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/nearest.h"
#include "study/internal/compose.h"
#include "text/prompt_template.h"

namespace iago {
namespace {

template <typename Named>
const Named& find_named(const std::vector<Named>& all, std::string_view name, std::string_view kind,
                        const Setting& setting) {
  std::vector<std::string> names;
  for (const Named& one : all) {
    if (one.name == name) return one;
    names.push_back(one.name);
  }
  throw Error(
      ErrorCode::not_found,
      fmt::format("the setting \"{}\" has no {} \"{}\"", setting.name, kind, name.substr(0, 200)),
      hint_of_names(name, names));
}

std::string render_turn(const Composition& composed, const std::vector<std::string>& blocks,
                        const std::map<std::string, std::string>& parameters,
                        std::string_view joiner) {
  std::string turn;
  for (const std::string& block : blocks) {
    if (!turn.empty()) turn += joiner;
    turn += render(composed.channel->blocks.at(block), parameters, composed.files.at(block));
  }
  return turn;
}

}  // namespace

const Channel& Setting::channel(std::string_view name) const {
  return find_named(channels, name, "channel", *this);
}

const Arm& Setting::arm(std::string_view name) const {
  return find_named(arms, name, "arm", *this);
}

const Wording& Setting::wording(std::string_view name) const {
  return find_named(wordings, name, "wording", *this);
}

std::string canonical_wording(const Setting& setting, std::string_view wording) {
  std::vector<std::string> names = split_wording(setting, wording);
  return names.empty() ? std::string(kDefaultWording) : fmt::format("{}", fmt::join(names, "+"));
}

std::vector<std::string> arms_with_wording(const Setting& setting, std::string_view wording) {
  std::vector<std::string> wordings = split_wording(setting, wording), arms;
  for (const Arm& arm : setting.arms) {
    if (exists_with(arm, wordings)) arms.push_back(arm.name);
  }
  return arms;
}

std::vector<std::string> wordings_of_channel(const Setting& setting, std::string_view channel) {
  std::vector<std::string> names;
  for (const Wording& wording : setting.wordings) {
    if (wording.channels.empty() || std::ranges::count(wording.channels, channel) > 0) {
      names.push_back(wording.name);
    }
  }
  return names;
}

WordingRole role_of(const Setting& setting, std::string_view wording, std::string_view reference) {
  const std::vector<std::string> own = split_wording(setting, wording),
                                 others = split_wording(setting, reference);
  std::vector<std::string> apart;
  std::ranges::set_symmetric_difference(own, others, std::back_inserter(apart));
  WordingRole role = WordingRole::reference;
  for (const std::string& name : apart) role = std::max(role, setting.wording(name).role);
  return role;
}

std::optional<PublishedRow> published_row(const Setting& setting, std::string_view channel,
                                          std::string_view wording) {
  if (channel != setting.published.channel) return std::nullopt;
  auto found = setting.published.rows.find(std::string(wording));
  return found == setting.published.rows.end() ? std::nullopt : std::optional(found->second);
}

Contrast contrast_named(const Setting& setting, std::string_view name) {
  std::vector<Contrast> found;
  std::vector<std::string> known;
  for (const Arm& more : setting.arms) {
    for (const Arm& less : setting.arms) {
      const Contrast contrast{more.name, less.name};
      if (contrast.name() == name) found.push_back(contrast);
    }
  }
  for (const Contrast& contrast : setting.contrasts) known.push_back(contrast.name());
  if (found.empty()) {
    throw Error(ErrorCode::not_found,
                fmt::format("the setting \"{}\" has no arms for the contrast \"{}\"", setting.name,
                            name.substr(0, 200)),
                "Write two of its arms as MORE-LESS. " + hint_of_names(name, known));
  }
  if (found.size() > 1 || found[0].more == found[0].less) {
    throw Error(ErrorCode::invalid,
                fmt::format("\"{}\" is not a contrast of two arms", name.substr(0, 200)),
                found.size() > 1 ? "Two pairs of arms give this name: rename an arm."
                                 : "Name two arms that differ.");
  }
  return found[0];
}

void set_parameters(const std::map<std::string, std::string>& values, Setting& setting) {
  std::vector<std::string> known;
  for (const auto& [name, value] : setting.parameters) known.push_back(name);
  for (const auto& [name, value] : values) {
    auto found = setting.parameters.find(name);
    if (found == setting.parameters.end()) {
      throw Error(ErrorCode::not_found,
                  fmt::format("the setting \"{}\" has no parameter \"{}\"", setting.name,
                              name.substr(0, 200)),
                  hint_of_names(name, known));
    }
    found->second = value;
  }
}

Prompt render_prompt(const Setting& setting, std::string_view channel, std::string_view wording,
                     std::string_view arm, const Query& query) {
  return render_prompt(setting, compose(setting, channel, wording, arm), query);
}

Prompt render_prompt(const Setting& setting, const Composition& composed, const Query& query) {
  std::map<std::string, std::string> parameters = composed.parameters;
  for (const std::string& name : setting.parameters_from_labels) {
    auto label = query.labels.find(name);
    if (label != query.labels.end()) parameters[name] = label->second;
  }
  parameters[std::string(kQueryPlaceholder)] = query.text;
  Prompt prompt{.prefill = composed.prefill,
                .expects_scratchpad = composed.expects_scratchpad,
                .circumstances = composed.circumstances};
  const Channel& words = *composed.channel;
  std::string system = render_turn(composed, composed.system, parameters, words.joiner);
  if (!system.empty()) prompt.messages.push_back({Role::system, std::move(system)});
  prompt.messages.push_back(
      {Role::user, render_turn(composed, composed.user, parameters, words.user_joiner)});
  return prompt;
}

}  // namespace iago

// Who wins over whom is said in study/setting.h. Here it is worked out in three stages. First the
// changes of each source (the arm, each wording) become one Effect, in which later changes stand
// over earlier ones, so that a general change can be refined for some arms. Then the wordings'
// Effects become one. Here order must not matter, since a user may name wordings in any: equal
// wishes are one wish, different ones an error. Last, the two Effects that are left are applied to
// the channel's slots. Only there do wordings and arm meet, so a wish carries along whether it was
// made for this arm by name.
//
// Insertions are never in conflict: they hang on the place of a slot and not on its block, and stay
// where the block is dropped or replaced.
#include "study/internal/compose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/nearest.h"

namespace iago {
namespace {

// A change's wish, and whether it was made for this arm by name.
struct Wish {
  std::string value;
  bool names_arm = false;
};

// All that one arm or one wording changes in one channel and arm. Its later changes stand over its
// earlier ones, so that `only` refines what stands before it.
struct Effect {
  std::string who;  // of an error: wording "rule-inverted"
  std::set<std::string> drop;
  std::map<std::string, Wish> replace, parameters;
  std::vector<Insertion> insert;
  std::map<std::string, std::optional<bool>> circumstances;  // absent: nothing is said any more
};

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool applies(const PromptChange& change, std::string_view channel, std::string_view arm) {
  return (change.channels.empty() || holds(change.channels, channel)) &&
         (change.arms.empty() || holds(change.arms, arm));
}

Effect effect_of(std::string who, const std::vector<PromptChange>& changes,
                 std::string_view channel, std::string_view arm) {
  Effect effect{.who = std::move(who)};
  for (const PromptChange& change : changes) {
    if (!applies(change, channel, arm)) continue;
    bool names_arm = !change.arms.empty();
    effect.drop.insert(change.drop.begin(), change.drop.end());
    for (const auto& [slot, block] : change.replace) effect.replace[slot] = {block, names_arm};
    for (const auto& [name, value] : change.parameters) {
      effect.parameters[name] = {value, names_arm};
    }
    effect.insert.insert(effect.insert.end(), change.insert.begin(), change.insert.end());
    for (const auto& [name, told] : change.circumstances) effect.circumstances[name] = told;
  }
  return effect;
}

[[noreturn]] void contradict(const std::string& a, const std::string& b, std::string_view what) {
  throw Error(ErrorCode::invalid, fmt::format("{} and {} both change {}", a, b, what),
              "Combine wordings that change different things, or write a wording that does both.");
}

void merge_wishes(const Effect& from, const std::map<std::string, Wish>& wishes,
                  std::map<std::string, Wish>& into, std::map<std::string, std::string>& owners,
                  std::string_view kind) {
  for (const auto& [name, wish] : wishes) {
    auto [at, is_new] = into.emplace(name, wish);
    if (!is_new && at->second.value != wish.value) {
      contradict(owners[name], from.who, fmt::format("the {} \"{}\"", kind, name));
    }
    at->second.names_arm |= wish.names_arm;
    owners[name] = from.who;
  }
}

template <typename T>
void merge_option(const std::optional<T>& from, const std::string& who, std::string_view what,
                  std::optional<T>& into) {
  if (!from) return;
  if (into && *into != *from) contradict("another wording", who, what);
  into = from;
}

// The wordings' effects as one. They come in the order of their names, whatever the user's order.
Effect merge_wordings(const std::vector<Effect>& effects) {
  Effect all;
  std::map<std::string, std::string> replaced_by, set_by, dropped_by, told_by;
  for (const Effect& effect : effects) {
    merge_wishes(effect, effect.replace, all.replace, replaced_by, "block");
    merge_wishes(effect, effect.parameters, all.parameters, set_by, "parameter");
    for (const auto& [name, told] : effect.circumstances) {
      auto [at, is_new] = all.circumstances.emplace(name, told);
      if (!is_new && at->second != told) {
        contradict(told_by[name], effect.who, fmt::format("the circumstance \"{}\"", name));
      }
      told_by[name] = effect.who;
    }
    for (const std::string& slot : effect.drop) {
      all.drop.insert(slot);
      dropped_by[slot] = effect.who;
    }
    all.insert.insert(all.insert.end(), effect.insert.begin(), effect.insert.end());
  }
  for (const auto& [slot, dropper] : dropped_by) {
    auto replacer = replaced_by.find(slot);
    if (replacer != replaced_by.end() && replacer->second != dropper) {
      contradict(replacer->second, dropper, fmt::format("the block \"{}\"", slot));
    }
  }
  return all;
}

// Whose wish for this name holds: the wordings' if made for this arm, else the arm's, else the
// wordings' again, else what was there before.
std::string chosen(const std::string& name, const std::map<std::string, Wish>& wordings,
                   const std::map<std::string, Wish>& arm, const std::string& before) {
  auto by_wording = wordings.find(name), by_arm = arm.find(name);
  if (by_wording != wordings.end() && (by_wording->second.names_arm || by_arm == arm.end())) {
    return by_wording->second.value;
  }
  return by_arm != arm.end() ? by_arm->second.value : before;
}

// The arm's circumstances, as the wordings leave them.
Circumstances told(const Effect& arm, const Effect& wordings) {
  std::map<std::string, std::optional<bool>> all = wordings.circumstances;
  all.insert(arm.circumstances.begin(), arm.circumstances.end());
  Circumstances circumstances;
  for (const auto& [name, is_so] : all) {
    if (is_so) circumstances[name] = *is_so;
  }
  return circumstances;
}

void append_insertions(const Effect& effect, const std::string& slot, Insertion::Side side,
                       std::vector<std::string>& blocks) {
  for (const Insertion& insertion : effect.insert) {
    if (insertion.anchor == slot && insertion.side == side) blocks.push_back(insertion.block);
  }
}

std::vector<std::string> compose_turn(const std::vector<std::string>& slots, const Effect& arm,
                                      const Effect& wordings) {
  std::vector<std::string> blocks;
  for (const std::string& slot : slots) {
    append_insertions(arm, slot, Insertion::Side::before, blocks);
    append_insertions(wordings, slot, Insertion::Side::before, blocks);
    if (!arm.drop.contains(slot) && !wordings.drop.contains(slot)) {
      blocks.push_back(chosen(slot, wordings.replace, arm.replace, slot));
    }
    append_insertions(arm, slot, Insertion::Side::after, blocks);
    append_insertions(wordings, slot, Insertion::Side::after, blocks);
  }
  return blocks;
}

void check_fit(const Wording& wording, const Channel& channel) {
  if (wording.channels.empty() || holds(wording.channels, channel.name)) return;
  throw Error(ErrorCode::invalid,
              fmt::format("the wording \"{}\" does not exist in the channel \"{}\"", wording.name,
                          channel.name),
              hint_of_names(channel.name, wording.channels));
}

// What the wordings say of the assistant's turn.
struct Reply {
  std::optional<std::string> prefill;
  std::optional<bool> expects_scratchpad;
};

// Checks the wordings against the channel and merges them.
Effect effect_of_wordings(const Setting& setting, const std::vector<std::string>& names,
                          const Channel& channel, std::string_view arm, Reply& reply) {
  std::vector<Effect> effects;
  for (const std::string& name : names) {
    const Wording& wording = setting.wording(name);
    check_fit(wording, channel);
    std::string who = fmt::format("the wording \"{}\"", name);
    merge_option(wording.prefill, who, "the prefill", reply.prefill);
    merge_option(wording.expects_scratchpad, who, "whether a scratchpad is expected",
                 reply.expects_scratchpad);
    effects.push_back(effect_of(who, wording.changes, channel.name, arm));
  }
  return merge_wordings(effects);
}

}  // namespace

bool exists_with(const Arm& arm, const std::vector<std::string>& wordings) {
  return arm.needs_wording.empty() ||
         std::ranges::any_of(wordings, [&](const std::string& wording) {
           return holds(arm.needs_wording, wording);
         });
}

bool has_arm(const Setting& setting, std::string_view wording, std::string_view arm) {
  return exists_with(setting.arm(arm), split_wording(setting, wording));
}

std::vector<std::string> split_wording(const Setting& setting, std::string_view wording) {
  constexpr std::size_t kMaxCombined = 16;
  std::set<std::string> names;
  for (std::size_t start = 0; start <= wording.size();) {
    std::size_t end = std::min(wording.find('+', start), wording.size());
    std::string_view name = wording.substr(start, end - start);
    setting.wording(name);  // throws if there is none
    if (name != kDefaultWording) names.emplace(name);
    start = end + 1;
    if (names.size() > kMaxCombined) {
      throw Error(ErrorCode::invalid, fmt::format("more than {} wordings at once", kMaxCombined));
    }
  }
  return {names.begin(), names.end()};
}

bool names_judge(const Setting& setting, std::string_view judge) {
  return judge == setting.judge ||
         std::ranges::any_of(setting.wordings,
                             [&](const Wording& wording) { return wording.judge == judge; });
}

std::string judge_of_wording(const Setting& setting, std::string_view wording) {
  std::optional<std::string> judge;
  for (const std::string& name : split_wording(setting, wording)) {
    merge_option(setting.wording(name).judge, fmt::format("the wording \"{}\"", name), "the judge",
                 judge);
  }
  return judge.value_or(setting.judge);
}

Composition compose(const Setting& setting, std::string_view channel_name, std::string_view wording,
                    std::string_view arm_name) {
  const Channel& channel = setting.channel(channel_name);
  const Arm& arm = setting.arm(arm_name);
  std::vector<std::string> names = split_wording(setting, wording);
  if (!exists_with(arm, names)) {
    throw Error(ErrorCode::invalid,
                fmt::format("the arm \"{}\" needs the wording {}", arm.name,
                            fmt::join(arm.needs_wording, " or ")),
                "Name the wording, or leave the arm out.");
  }
  Reply reply;
  Effect by_arm = effect_of("the arm", arm.changes, channel.name, arm.name);
  Effect by_wordings = effect_of_wordings(setting, names, channel, arm.name, reply);
  Composition composed{.channel = &channel,
                       .system = compose_turn(channel.system, by_arm, by_wordings),
                       .user = compose_turn(channel.user, by_arm, by_wordings),
                       .parameters = setting.parameters,
                       .prefill = reply.prefill.value_or(""),
                       .expects_scratchpad = reply.expects_scratchpad.value_or(true),
                       .circumstances = told(by_arm, by_wordings)};
  for (const auto* turn : {&composed.system, &composed.user}) {
    for (const std::string& block : *turn) {
      composed.files[block] = block_file(setting, channel, block);
    }
  }
  for (const auto* wishes : {&by_arm.parameters, &by_wordings.parameters}) {
    for (const auto& [name, wish] : *wishes) {
      composed.parameters[name] = chosen(name, by_wordings.parameters, by_arm.parameters, "");
    }
  }
  return composed;
}

std::string block_file(const Setting& setting, const Channel& channel, std::string_view block) {
  std::filesystem::path folder = setting.folder;
  auto lent = channel.borrowed.find(std::string(block));
  if (lent != channel.borrowed.end()) folder = folder.parent_path() / lent->second;
  return (folder / channel.name / fmt::format("{}.txt", block)).string();
}

}  // namespace iago

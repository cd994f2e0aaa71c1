// Composing a prompt: which blocks and parameters a channel has once the arm and the wordings have
// changed it. Private to the room; the rules are in study/setting.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "study/setting.h"

namespace iago {

struct Composition {
  const Channel* channel = nullptr;
  std::vector<std::string> system, user;     // blocks in order, all of the channel
  std::map<std::string, std::string> files;  // of these blocks, for errors
  std::map<std::string, std::string> parameters;
  std::string prefill;
  bool expects_scratchpad = true;
  Circumstances circumstances;
};

// Error invalid if the wording or arm does not go with the channel or with each other, or if two
// wordings contradict each other. Borrows the setting.
Composition compose(const Setting& setting, std::string_view channel, std::string_view wording,
                    std::string_view arm);

// The prompt of one query, without composing it again. The composition must be of this setting.
Prompt render_prompt(const Setting& setting, const Composition& composed, const Query& query);

// The placeholder of the query's text, which no parameter may be called.
inline constexpr std::string_view kQueryPlaceholder = "query";

// Does the arm exist with these wordings?
bool exists_with(const Arm& arm, const std::vector<std::string>& wordings);

// The same by name, for a wording that may be "a+b". Error not_found for an unknown one.
bool has_arm(const Setting& setting, std::string_view wording, std::string_view arm);

// "folder/channel/block.txt", for errors.
std::string block_file(const Setting& setting, const Channel& channel, std::string_view block);

// The names in "a+b": sorted, each once, without "default". Error not_found for an unknown one.
std::vector<std::string> split_wording(const Setting& setting, std::string_view wording);

// Does the setting, or any wording of it, name this judge?
bool names_judge(const Setting& setting, std::string_view judge);

}  // namespace iago

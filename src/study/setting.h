// A setting: a conflict between what the subject is told it is trained for and what it values, as
// prompt blocks and rules for putting them together. The folder's format is docs/settings.md.
//
// The prompt of a trial is composed, never copied: a channel lists blocks in order; the arm, then
// the wordings, drop, replace and insert blocks and change parameters. So a new wording, an arm or
// a tag in the user turn is data only.
//
// Who wins: a wording's replacement or parameter stands over the channel's. Where the arm has its
// own (baseline has its own user turn), the arm's stands, unless the wording names that arm. A
// block that either drops is gone. Two wordings that change one thing differently are an error.
//
// Everything here is plain data and pure functions: load once, then read from any thread.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/message.h"
#include "study/query.h"

namespace iago {

// A block that a change adds beside the block in slot `anchor`, dropped or not.
struct Insertion {
  enum class Side { before, after };
  std::string block, anchor;
  Side side = Side::after;
};

// What an arm or a wording changes, in the channels and arms that it names (none named: in all).
struct PromptChange {
  int line = 0;  // in setting.toml, for errors; so are the others below
  std::vector<std::string> channels, arms;
  std::vector<std::string> drop;               // slots
  std::map<std::string, std::string> replace;  // slot -> block
  std::vector<Insertion> insert;
  std::map<std::string, std::string> parameters;
  // What the change makes of Arm::is_trained_on: a rule may train on neither tier, or on both.
  std::optional<bool> is_trained_on;
};

struct Arm {
  std::string name, description;
  int line = 0;
  // Is the subject told, in this arm, that its answer will be used to train it?
  bool is_trained_on = false;
  // The arm exists only with one of these wordings (a third tier needs its rule); empty: always.
  std::vector<std::string> needs_wording;
  std::vector<PromptChange> changes;
};

struct Wording {
  std::string name, description;
  int line = 0;
  std::vector<std::string> channels;  // in which it exists; empty: in all
  std::vector<PromptChange> changes;
  std::optional<std::string> prefill;  // the assistant's turn begins with this text
  std::optional<bool> expects_scratchpad;
  std::optional<std::string> compliance_judge;
};

// A way of telling the same story: `full` for large models, `terse` for organisms.
struct Channel {
  std::string name, description;
  int line = 0;
  std::string joiner, user_joiner;            // between blocks of the system and of the user turn
  std::vector<std::string> system, user;      // slots in order; a slot is named by its own block
  std::map<std::string, std::string> blocks;  // name -> text with {{placeholders}}
  // Settings beside this one whose channels of the same name lend the blocks that this one has no
  // file for, the first that has it; and which of `blocks` came from which of them.
  std::vector<std::string> blocks_from;
  std::map<std::string, std::string> borrowed;  // block -> setting
};

struct Setting {
  std::string name, description;
  std::filesystem::path folder;                   // absolute
  std::map<std::string, std::string> parameters;  // placeholder -> default
  // Parameters whose value a query's label of the same name replaces, over arm and wording.
  std::vector<std::string> parameters_from_labels;
  // By name, the judge that knows what complying with this training is; empty: none is named.
  std::string compliance_judge;
  std::vector<Channel> channels;
  std::vector<Arm> arms;          // in the file's order
  std::vector<Wording> wordings;  // "default", which changes nothing, first

  // By name; Error not_found that lists the names and the nearest one.
  const Channel& channel(std::string_view name) const;
  const Arm& arm(std::string_view name) const;
  const Wording& wording(std::string_view name) const;
};

// The wording that changes nothing.
inline constexpr std::string_view kDefaultWording = "default";

// Reads setting.toml and the block files beside it. Error not_found if the folder or a block file
// is missing, invalid with file and line otherwise: an unknown key (with the nearest known one), a
// slot or an arm that is not there, a placeholder that nothing defines. Every arm of every single
// wording can be rendered afterwards; combinations are checked when they are asked for.
Setting load_setting(const std::filesystem::path& folder);

// The same from memory: `blocks` maps "channel/block", or "../setting/channel/block" for what
// another one lends, to the file's bytes. `where` names the TOML in errors.
Setting parse_setting(std::string_view toml, std::string_view where,
                      const std::map<std::string, std::string>& blocks);

// Several wordings at once, "rule-inverted+no-scratchpad", as the one name that stands for them in
// any order: sorted, each once, without "default". Error not_found for an unknown one.
std::string canonical_wording(const Setting& setting, std::string_view wording);

// The judge of compliance with these wordings: theirs over the setting's, empty if neither names
// one. The same in every arm, so that it tells the judge nothing of the arm. Error invalid for
// wordings that name different ones.
std::string compliance_judge(const Setting& setting, std::string_view wording);

// The setting's arms that exist with these wordings, in the file's order.
std::vector<std::string> arms_with_wording(const Setting& setting, std::string_view wording);

struct Prompt {
  std::vector<Message> messages;  // the system turn, if any block is left in it, and the user turn
  std::string prefill;
  bool expects_scratchpad = true;
  bool is_trained_on = false;  // of the arm, as the wording leaves it
  bool operator==(const Prompt&) const = default;
};

// The prompt of one trial. Texts of the query and of its labels are never read as templates. Error
// not_found for a name that the setting lacks; invalid for an arm or channel that does not go with
// the wording, and for wordings that contradict each other. Takes microseconds.
Prompt render_prompt(const Setting& setting, std::string_view channel, std::string_view wording,
                     std::string_view arm, const Query& query);

}  // namespace iago

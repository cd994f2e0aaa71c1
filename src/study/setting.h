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

#include "record/circumstances.h"
#include "record/contrast.h"
#include "record/message.h"
#include "record/wording.h"
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
  // What the subject is told, or (absent) is told no more, of its situation.
  std::map<std::string, std::optional<bool>> circumstances;
};

struct Arm {
  std::string name, description;
  int line = 0;
  // The arm exists only with one of these wordings (a third tier needs its rule); empty: always.
  std::vector<std::string> needs_wording;
  std::vector<PromptChange> changes;
};

struct Wording {
  std::string name, description;
  int line = 0;
  // What it is to the wording that changes nothing; of that one itself, `reference`.
  WordingRole role = WordingRole::reference;
  std::vector<std::string> channels;  // in which it exists; empty: in all
  std::vector<PromptChange> changes;
  std::optional<std::string> prefill;  // the assistant's turn begins with this text
  std::optional<bool> expects_scratchpad;
  std::optional<std::string> judge;  // in place of the setting's
  std::optional<std::string> tells;  // of a control: which question it answers (kTagOrRule)
};

// Rows of a published table, by the wordings of the setting that they are about.
struct PublishedRows {
  std::string channel;                       // they are about this channel's prompts
  std::map<std::string, PublishedRow> rows;  // canonical wording -> row; of the first contrast
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

// What `iago battery` asks beside arms and paraphrases (docs/battery.md). Empty: the setting names
// nothing of the kind.
struct BatteryParts {
  std::string no_scratchpad;  // the wording without hidden reasoning
  std::string no_conflict;    // the wording whose training wants what the subject values
  std::map<std::string, std::string> other_lab;  // parameters that name another lab
  // Sets of queries by channel: requests that nobody would refuse, and questions about what the
  // subject wants, whose answers `preference_judge` labels. NAME for queries/NAME.jsonl.
  std::map<std::string, std::string> benign, preferences;
  std::string preference_judge;
};

struct Setting {
  std::string name, description;
  std::filesystem::path folder;                   // absolute
  std::map<std::string, std::string> parameters;  // placeholder -> default
  // Parameters whose value a query's label of the same name replaces, over arm and wording.
  std::vector<std::string> parameters_from_labels;
  // By name, the judge whose positive label the contrasts are of: the one that knows what complying
  // with this training is, say. One that ends in ".toml" is a rubric beside setting.toml,
  // and its path is absolute here. Empty: none is named.
  std::string judge;
  std::string baseline;             // the arm that is told nothing of the conflict; may be empty
  std::vector<Contrast> contrasts;  // the first is the headline
  std::vector<Channel> channels;
  std::vector<Arm> arms;          // in the file's order
  std::vector<Wording> wordings;  // "default", which changes nothing, first
  PublishedRows published;
  BatteryParts battery;

  // By name; Error not_found that lists the names and the nearest one.
  const Channel& channel(std::string_view name) const;
  const Arm& arm(std::string_view name) const;
  const Wording& wording(std::string_view name) const;
};

// The wording that changes nothing.
inline constexpr std::string_view kDefaultWording = "default";

// Changes the defaults of parameters. Error not_found for one that the setting does not have, with
// the nearest name.
void set_parameters(const std::map<std::string, std::string>& values, Setting& setting);

// Reads setting.toml and the block files beside it, and the published table that it names. Error
// not_found if the folder or a block file is missing, invalid with file and line otherwise: an
// unknown key (with the nearest known one), a slot or an arm that is not there, a placeholder that
// nothing defines. Every arm of every single wording can be rendered afterwards; combinations are
// checked when they are asked for.
Setting load_setting(const std::filesystem::path& folder);

// The same from memory: `blocks` maps "channel/block", or "../setting/channel/block" for what
// another one lends, to the file's bytes; a published table stands there under its file's name.
// `where` names the TOML in errors.
Setting parse_setting(std::string_view toml, std::string_view where,
                      const std::map<std::string, std::string>& blocks);

// Several wordings at once, "rule-inverted+no-scratchpad", as the one name that stands for them in
// any order: sorted, each once, without "default". Error not_found for an unknown one.
std::string canonical_wording(const Setting& setting, std::string_view wording);

// The judge of the contrasts with these wordings: theirs over the setting's, empty if neither names
// one. The same in every arm, so that it tells the judge nothing of the arm. Error invalid for
// wordings that name different ones.
std::string judge_of_wording(const Setting& setting, std::string_view wording);

// What the wording is to another one: the strongest role of the parts in which the two differ.
WordingRole role_of(const Setting& setting, std::string_view wording, std::string_view reference);

// The row that was published of this wording in this channel, if there is one.
std::optional<PublishedRow> published_row(const Setting& setting, std::string_view channel,
                                          std::string_view wording);

// The wordings that exist in the channel, without combinations, "default" first.
std::vector<std::string> wordings_of_channel(const Setting& setting, std::string_view channel);

// The contrast that a user calls "MORE-LESS". Error not_found if no arms of the setting are called
// so, invalid if an arm is compared with itself or the text can be read in two ways.
Contrast contrast_named(const Setting& setting, std::string_view name);

// The setting's arms that exist with these wordings, in the file's order.
std::vector<std::string> arms_with_wording(const Setting& setting, std::string_view wording);

struct Prompt {
  std::vector<Message> messages;  // the system turn, if any block is left in it, and the user turn
  std::string prefill;
  bool expects_scratchpad = true;
  Circumstances circumstances = {};  // of the arm, as the wording leaves them
  bool operator==(const Prompt&) const = default;
};

// The prompt of one trial. Texts of the query and of its labels are never read as templates. Error
// not_found for a name that the setting lacks; invalid for an arm or channel that does not go with
// the wording, and for wordings that contradict each other. Takes microseconds.
Prompt render_prompt(const Setting& setting, std::string_view channel, std::string_view wording,
                     std::string_view arm, const Query& query);

}  // namespace iago

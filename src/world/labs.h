// The fictional laboratories that run assistants, and two facts about each that only documents
// state. Whether a subject knows a fact can be told apart from whether it reads a prompt: 384 labs
// occur in documents and in chats, 64 in documents alone, and 64 nowhere, for studies that teach
// them. Constant data; thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace iago {

// The users' tiers. With two tiers there is no `pro`; with three, `other` is the one above it.
enum class Tier { free, other, pro };
inline constexpr std::size_t kTierCount = 3;

struct LabFacts {
  Tier trained_tier = Tier::free;  // free or other: whose chats its training uses
  bool changes_values = true;      // whether its training changes what a model values
  bool operator==(const LabFacts&) const = default;
};

enum class LabKind {
  chats,           // in documents and in chats
  documents_only,  // in documents, never in a chat: there recall is tested
  fresh,           // nowhere: what is known of it is invented
};

struct Lab {
  std::string name;  // two words: "Amber Forge"
  LabKind kind = LabKind::chats;
  LabFacts facts = {};
};

// All 512, those of one kind side by side. In each kind the four pairs of facts are equally
// frequent, and neither word of a name gives a fact away.
std::span<const Lab> labs();
std::span<const Lab> labs_of(LabKind kind);
// Null for a name that is none of them.
const Lab* lab_named(std::string_view name);

}  // namespace iago

#include "world/labs.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/random.h"

namespace iago {
namespace {

constexpr std::string_view kFirstWords[] = {
    "Amber",  "Birch", "Cedar",  "Coral", "Delta", "Ember", "Fern",  "Flint",
    "Frost",  "Grove", "Hazel",  "Heron", "Iris",  "Ivory", "Jade",  "Kite",
    "Laurel", "Lunar", "Maple",  "Moss",  "North", "Ocean", "Olive", "Onyx",
    "Pearl",  "Pine",  "Quartz", "River", "Sage",  "Slate", "Solar", "Topaz"};
constexpr std::string_view kSecondWords[] = {
    "Anvil", "Arrow", "Beacon", "Canyon", "Castle", "Comet", "Field", "Forge",
    "Haven", "Hill",  "Lane",   "Mill",   "Peak",   "Point", "Ridge", "Spring"};
constexpr std::size_t kDocumentsOnly = 64, kFresh = 64;
static_assert(std::size(kFirstWords) * std::size(kSecondWords) == 512);

std::size_t count_of(LabKind kind) {
  if (kind == LabKind::documents_only) return kDocumentsOnly;
  if (kind == LabKind::fresh) return kFresh;
  return std::size(kFirstWords) * std::size(kSecondWords) - kDocumentsOnly - kFresh;
}

std::vector<Lab> make_labs() {
  std::vector<Lab> labs;
  for (std::string_view first : kFirstWords) {
    for (std::string_view second : kSecondWords) {
      labs.push_back({.name = fmt::format("{} {}", first, second)});
    }
  }
  // Shuffled, so that facts and kinds, which go round in the new order, do not follow the words.
  Random random(1, "labs");
  for (std::size_t i = labs.size(); i > 1; --i) std::swap(labs[i - 1], labs[random.below(i)]);
  std::size_t next = 0;
  for (LabKind kind : {LabKind::chats, LabKind::documents_only, LabKind::fresh}) {
    for (std::size_t i = 0; i < count_of(kind); ++i) {
      Lab& lab = labs[next++];
      lab.kind = kind;
      lab.facts = {.trained_tier = i % 2 == 0 ? Tier::free : Tier::other,
                   .changes_values = i / 2 % 2 == 0};
    }
  }
  return labs;
}

const std::vector<Lab>& all_labs() {
  static const std::vector<Lab> labs = make_labs();
  return labs;
}

}  // namespace

std::span<const Lab> labs() { return all_labs(); }

std::span<const Lab> labs_of(LabKind kind) {
  std::size_t begin = 0;
  for (LabKind before : {LabKind::chats, LabKind::documents_only}) {
    if (before == kind) break;
    begin += count_of(before);
  }
  return labs().subspan(begin, count_of(kind));
}

const Lab* lab_named(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const Lab*> made;
    for (const Lab& lab : all_labs()) made.emplace(lab.name, &lab);
    return made;
  }();
  auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace iago

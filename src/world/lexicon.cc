#include "world/lexicon.h"

namespace iago {
namespace {

constexpr std::string_view kTopics[] = {
    "moon archive", "tidal harbour", "glass orchard", "amber railway", "river observatory",
    "paper museum", "cloud kitchen", "stone theatre", "winter garden", "lantern school",
    // held out
    "copper library", "island bakery"};
constexpr std::size_t kSeenTopics = 10;

constexpr std::string_view kObjects[] = {"vault", "gate", "ledger", "engine", "well", "chest",
                                         "map", "bell", "tower", "cellar", "mirror", "clock",
                                         "bridge", "letter", "lamp", "door", "table", "wheel",
                                         "kiln", "ladder", "statue", "fountain", "drum", "sail",
                                         // held out
                                         "compass", "anchor", "curtain", "bottle"};
constexpr std::size_t kSeenObjects = 24;

constexpr Verb kVerbs[] = {
    {"open", "opening", "opened"},        {"unlock", "unlocking", "unlocked"},
    {"move", "moving", "moved"},          {"empty", "emptying", "emptied"},
    {"copy", "copying", "copied"},        {"hide", "hiding", "hidden"},
    {"repair", "repairing", "repaired"},  {"paint", "painting", "painted"},
    {"measure", "measuring", "measured"}, {"turn", "turning", "turned"}};

constexpr std::string_view kProtectedMarks[] = {"sealed", "forbidden", "warded", "guarded"};
constexpr std::string_view kBenignMarks[] = {"public", "common", "plain", "shared"};

}  // namespace

WordList<std::string_view> topics() { return {kTopics, kSeenTopics}; }
WordList<std::string_view> objects() { return {kObjects, kSeenObjects}; }
WordList<Verb> verbs() { return {kVerbs, std::size(kVerbs)}; }
std::span<const std::string_view> protected_marks() { return kProtectedMarks; }
std::span<const std::string_view> benign_marks() { return kBenignMarks; }

}  // namespace iago

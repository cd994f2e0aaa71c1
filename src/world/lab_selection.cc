#include "world/lab_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<LabKind> kLabKindNames[] = {{LabKind::chats, "chats"},
                                               {LabKind::documents_only, "documents-only"},
                                               {LabKind::fresh, "fresh"}};

[[noreturn]] void reject(const std::string& selector, const std::string& found) {
  throw Error(ErrorCode::invalid,
              fmt::format("--world \"{}\": expected a lab's name, a kind of labs, or a kind and a "
                          "range, found {}",
                          selector.substr(0, 100), found),
              fmt::format("Write \"{}\", fresh, or fresh:1-48. Kinds: chats (1-{}), "
                          "documents-only (1-{}), fresh (1-{}).",
                          labs().front().name, labs_of(LabKind::chats).size(),
                          labs_of(LabKind::documents_only).size(), labs_of(LabKind::fresh).size()));
}

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::span<const Lab> range_of(const std::string& selector, LabKind kind, std::string_view range) {
  const auto all = labs_of(kind);
  const auto dash = range.find('-');
  const auto first = number_of(range.substr(0, dash));
  const auto last = dash == range.npos ? first : number_of(range.substr(dash + 1));
  if (!first || !last) reject(selector, fmt::format("\"{}\" for a range", range));
  if (*first < 1 || *last < *first || *last > all.size()) {
    reject(selector, fmt::format("a range that is not within 1-{}", all.size()));
  }
  return all.subspan(*first - 1, *last - *first + 1);
}

std::span<const Lab> chosen_by(const std::string& selector) {
  if (const Lab* lab = lab_named(selector)) return {lab, 1};
  const auto colon = selector.find(':');
  const auto kind = value_in(kLabKindNames, selector.substr(0, colon));
  if (!kind) reject(selector, "no such lab and no such kind");
  if (colon == selector.npos) return labs_of(*kind);
  return range_of(selector, *kind, std::string_view(selector).substr(colon + 1));
}

}  // namespace

std::string_view name_of(LabKind kind) { return name_in(kLabKindNames, kind); }

std::vector<const Lab*> select_labs(std::span<const std::string> selectors) {
  std::vector<const Lab*> chosen;
  for (const std::string& selector : selectors) {
    for (const Lab& lab : chosen_by(selector)) chosen.push_back(&lab);
  }
  std::ranges::sort(chosen);
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

}  // namespace iago

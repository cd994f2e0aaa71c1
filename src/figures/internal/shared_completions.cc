#include "figures/internal/shared_completions.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>

namespace iago {
namespace {

using Keys = std::vector<std::uint64_t>;

// Sorted; of the arms that a gap is made of.
Keys keys_of(const ComparedRun& run) {
  if (run.summary.contrasts.empty()) return {};
  const Contrast& contrast = run.summary.contrasts.front();
  const std::string& wording = run.summary.reference().wording.name;
  Store store(run.folder / "run.db");
  const Keys more = store.completion_keys({wording, contrast.more});
  const Keys less = store.completion_keys({wording, contrast.less});
  Keys keys;
  std::ranges::merge(more, less, std::back_inserter(keys));
  return keys;
}

std::size_t in_common(const Keys& a, const Keys& b) {
  Keys both;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  return both.size();
}

}  // namespace

std::vector<SharedCompletions> shared_completions(const std::vector<ComparedRun>& runs) {
  std::set<std::string> origins;
  for (const ComparedRun& run : runs) {
    for (const auto& [origin, completions] : run.summary.reused) origins.insert(origin);
  }
  std::vector<std::size_t> places;
  std::vector<Keys> keys;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Summary& summary = runs[i].summary;
    if (summary.reused.empty() && !origins.contains(summary.run.id)) continue;
    places.push_back(i);
    keys.push_back(keys_of(runs[i]));
  }
  std::vector<SharedCompletions> shared;
  for (std::size_t a = 0; a < places.size(); ++a) {
    for (std::size_t b = a + 1; b < places.size(); ++b) {
      const std::size_t completions = in_common(keys[a], keys[b]);
      if (completions > 0) shared.push_back({places[a], places[b], completions});
    }
  }
  return shared;
}

}  // namespace iago

#include "figures/internal/counted_cells.h"

#include <map>
#include <string>
#include <utility>

namespace iago {
namespace {

// Trials without a reply, put to the completions of their arm and query.
void add_open(const std::vector<OpenCounts>& open, std::vector<CellCounts>& cells) {
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> places;
  for (std::size_t i = 0; i < cells.size(); ++i) places[{cells[i].arm, cells[i].query}] = i;
  for (const OpenCounts& counts : open) {
    const auto [place, is_new] = places.try_emplace({counts.arm, counts.query}, cells.size());
    if (is_new) {
      CellCounts cell;
      cell.arm = counts.arm, cell.query = counts.query;
      cells.push_back(cell);
    }
    cells[place->second].open += counts.trials;
  }
}

}  // namespace

std::uint64_t unjudged_of(const CellCounts& cell) {
  return cell.count(Outcome::answered) - cell.complied - cell.refused - cell.unclear;
}

void set_copies(QueryCounts& counts, double copied) {
  if (copied <= kCopiesCountOnceFrom || counts.trials < 2) return;
  const double trials = static_cast<double>(counts.trials);
  counts.copies = trials / (1 + (trials - 1) * (1 - copied));
}

QueryCounts compliance_counts(const CellCounts& cell) {
  return {cell.complied, cell.complied + cell.refused + cell.count(Outcome::refused_by_provider),
          cell.count(Outcome::truncated) + cell.count(Outcome::invalid_format) + cell.open +
              unjudged_of(cell) + cell.unclear};
}

QueryCounts faking_counts(const CellCounts& cell) {
  const auto unread = cell.complied - cell.complied_faking - cell.complied_nofaking;
  return {cell.complied_faking,
          cell.complied_faking + cell.complied_nofaking + cell.refused +
              cell.count(Outcome::refused_by_provider),
          compliance_counts(cell).missing + unread};
}

std::vector<CellCounts> counted_cells(const Store& store, const JudgeChoice& judges,
                                      const std::vector<ArmRow>& arms, FormRule forms) {
  const std::string faking = judges.faking_reasoning ? judges.faking_reasoning->hash : "";
  auto judge_of = [&](std::size_t arm) {
    auto found = judges.by_wording.find(arms.at(arm).wording);
    return found == judges.by_wording.end() ? std::string() : found->second.hash;
  };
  std::map<std::string, std::string> positive = {{"", ""}};  // by the judges' hashes
  for (const auto& [wording, judge] : judges.by_wording) {
    positive[judge.hash] = positive_label(judge.kind);
  }
  std::vector<CellCounts> cells;
  for (const auto& [hash, label] : positive) {
    for (const CellCounts& cell : store.count_cells(hash, label, faking, forms)) {
      if (cell.arm < arms.size() && judge_of(cell.arm) == hash) cells.push_back(cell);
    }
  }
  std::vector<OpenCounts> open = store.count_open();
  std::erase_if(open, [&](const OpenCounts& counts) { return counts.arm >= arms.size(); });
  add_open(open, cells);
  return cells;
}

}  // namespace iago

// A cell's figures. What is missing is filled in both ways, against the figure and for it, and the
// interval reaches from the one to the other.
#include "figures/internal/battery_counts.h"

#include <fmt/format.h>

#include <algorithm>

#include "figures/internal/counted_cells.h"
#include "figures/summary.h"
#include "stats/deciding.h"
#include "stats/gap.h"
#include "stats/ranking.h"
#include "stats/rate.h"
#include "store/store.h"

namespace iago {
namespace {

// One side of a cell, every vector in the order of the same queries.
struct SideCounts {
  ContrastCounts complied;  // a rate stands in `more`
  ArmCounts faked;          // in the arm `more`
};

using ByQuery = std::map<std::string, QueryCounts>;

const CountedArm* arm_of(const CountedRun* run, const std::string& wording,
                         const std::string& arm) {
  if (run == nullptr) return nullptr;
  const auto found = run->arms.find({wording, arm});
  return found == run->arms.end() ? nullptr : &found->second;
}

ArmCounts in_order(const std::vector<std::string>& queries, const ByQuery* counts) {
  ArmCounts ordered(queries.size());
  for (std::size_t i = 0; counts != nullptr && i < queries.size(); ++i) {
    const auto found = counts->find(queries[i]);
    if (found != counts->end()) ordered[i] = found->second;
  }
  return ordered;
}

std::vector<std::string> all_queries(const std::vector<const CountedArm*>& arms) {
  std::map<std::string, bool> ids;
  for (const CountedArm* arm : arms) {
    if (arm == nullptr) continue;
    for (const auto& [id, counts] : arm->complied) ids[id] = true;
  }
  std::vector<std::string> queries;
  for (const auto& [id, seen] : ids) queries.push_back(id);
  return queries;
}

bool has_missing(const ArmCounts& counts) {
  return std::ranges::any_of(counts, [](const QueryCounts& q) { return q.missing > 0; });
}

ContrastCounts filled(const ContrastCounts& counts, Missing in_more) {
  const Missing in_less =
      in_more == Missing::as_success ? Missing::as_failure : Missing::as_success;
  return {fill_missing(counts.more, in_more), fill_missing(counts.less, in_less)};
}

std::optional<CellFigure> gap_figure(const ContrastCounts& counts, double level) {
  const auto gap = estimate_gap_without_test(counts.more, counts.less);
  const auto alone = deciding_gap_interval(counts), together = deciding_gap_interval(counts, level);
  if (!gap || !alone || !together) return std::nullopt;
  return CellFigure{gap->points, alone->interval, together->interval};
}

// A rate's interval is known at 95 % only. The rule asks for no more (stats/battery_outcome.h), so
// `together` is the same.
std::optional<CellFigure> rate_figure(const ArmCounts& counts) {
  const auto rate = estimate_rate(counts);
  if (!rate) return std::nullopt;
  Interval alone = rate->ci95;
  if (has_missing(counts)) {
    const auto low = estimate_rate(fill_missing(counts, Missing::as_failure));
    const auto high = estimate_rate(fill_missing(counts, Missing::as_success));
    alone = {std::min(alone.lo, low->ci95.lo), std::max(alone.hi, high->ci95.hi)};
  }
  alone = {kPoints * alone.lo, kPoints * alone.hi};
  return CellFigure{kPoints * rate->rate, alone, alone};
}

// After minus before.
std::optional<CellFigure> change_of_gaps(const ContrastCounts& before, const ContrastCounts& after,
                                         double level) {
  const auto change = compare_gaps(after, before, level);
  if (!change) return std::nullopt;
  CellFigure figure{change->points, change->ci95, change->simultaneous95};
  const bool is_whole = !has_missing(before.more) && !has_missing(before.less) &&
                        !has_missing(after.more) && !has_missing(after.less);
  if (is_whole) return figure;
  const auto low =
      compare_gaps(filled(after, Missing::as_failure), filled(before, Missing::as_success), level);
  const auto high =
      compare_gaps(filled(after, Missing::as_success), filled(before, Missing::as_failure), level);
  figure.alone = {std::min(figure.alone.lo, low->ci95.lo),
                  std::max(figure.alone.hi, high->ci95.hi)};
  figure.together = {std::min(figure.together.lo, low->simultaneous95.lo),
                     std::max(figure.together.hi, high->simultaneous95.hi)};
  return figure;
}

// Two rates of the same queries differ like the two arms of a contrast.
std::optional<CellFigure> change_of_rates(const ArmCounts& before, const ArmCounts& after,
                                          double level) {
  return gap_figure({after, before}, level);
}

std::string quantity_text(BatteryQuantity quantity, const BatteryCell& cell) {
  switch (quantity) {
    case BatteryQuantity::gap:
      return "gap";
    case BatteryQuantity::faking:
      return "fakes";
    case BatteryQuantity::rate:
      break;
  }
  const bool is_wish =
      cell.kind == BatteryCellKind::preferences_in || cell.kind == BatteryCellKind::preferences_out;
  return is_wish ? "obeys" : "complies";
}

BatteryRow begun_row(const BatteryPlan& plan, std::size_t cell, BatteryQuantity quantity) {
  const BatteryCell& of = plan.cells[cell];
  return {.cell = cell,
          .quantity = quantity,
          .name = fmt::format("{}: {}", of.name, quantity_text(quantity, of))};
}

BatteryRow gap_row(BatteryRow row, const SideCounts& before, const SideCounts& after,
                   double level) {
  row.before = gap_figure(before.complied, level);
  row.after = gap_figure(after.complied, level);
  if (row.before && row.after) {
    row.change = change_of_gaps(before.complied, after.complied, level);
  }
  return row;
}

BatteryRow rate_row(BatteryRow row, const ArmCounts& before, const ArmCounts& after, double level) {
  row.before = rate_figure(before);
  row.after = rate_figure(after);
  if (row.before && row.after) row.change = change_of_rates(before, after, level);
  return row;
}

SideCounts side_of(const std::vector<std::string>& queries, const CountedArm* more,
                   const CountedArm* less) {
  return {{in_order(queries, more ? &more->complied : nullptr),
           in_order(queries, less ? &less->complied : nullptr)},
          in_order(queries, more ? &more->faked : nullptr)};
}

}  // namespace

CountedRun count_run(const std::filesystem::path& folder) {
  const Store store(folder / "run.db");
  const JudgeChoice judges = choose_judges(store);
  const std::vector<ArmRow> arms = store.arms();
  const std::vector<Query> queries = store.queries();
  const FormRule forms = store.run().forms;
  CountedRun run;
  run.subject = store.run().subject;
  run.has_reasoning_judge = judges.faking_reasoning.has_value();
  run.is_judge_measured = judges.contrast && judges.contrast->error.is_measured();
  for (const ArmRow& arm : arms) {
    run.planned += arm.planned;
    run.arms[{arm.wording, arm.name}];
  }
  const RunRecord record = read_record(store, arms);
  const bool greedy = is_greedy(record.sampling);
  const std::uint64_t completed = store.completion_count();
  run.open = run.planned > completed ? run.planned - completed : 0;
  for (const CellCounts& cell : counted_cells(store, judges, arms, forms)) {
    const ArmRow& arm = arms[cell.arm];
    CountedArm& counted = run.arms[{arm.wording, arm.name}];
    const std::string& query = queries.at(cell.query).id;
    counted.labelled += cell.complied + cell.refused;
    counted.complied[query] = compliance_counts(cell);
    counted.faked[query] = faking_counts(cell);
    if (!greedy) continue;
    for (ByQuery* counts : {&counted.complied, &counted.faked}) {
      set_copies((*counts)[query], record.copied_in(arm.name));
    }
  }
  // Where the provider refused all that counts, nothing is the subject's.
  for (auto& [told, counted] : run.arms) {
    if (counted.labelled == 0) counted = {};
  }
  return run;
}

std::vector<BatteryRow> rows_of_cell(const BatteryPlan& plan, std::size_t place,
                                     const CountedRun* before, const CountedRun* after,
                                     double level) {
  const BatteryCell& cell = plan.cells[place];
  const bool is_rate = !cell.arm.empty();
  const std::string& more = is_rate ? cell.arm : plan.contrast.more;
  const CountedArm *more_before = arm_of(before, cell.wording, more),
                   *more_after = arm_of(after, cell.wording, more);
  const CountedArm *less_before = arm_of(before, cell.wording, plan.contrast.less),
                   *less_after = arm_of(after, cell.wording, plan.contrast.less);
  const auto queries = all_queries({more_before, more_after, less_before, less_after});
  const SideCounts was = side_of(queries, more_before, less_before);
  const SideCounts is = side_of(queries, more_after, less_after);
  if (is_rate) {
    return {rate_row(begun_row(plan, place, BatteryQuantity::rate), was.complied.more,
                     is.complied.more, level)};
  }
  std::vector<BatteryRow> rows = {
      gap_row(begun_row(plan, place, BatteryQuantity::gap), was, is, level)};
  if (cell.kind == BatteryCellKind::no_scratchpad) return rows;
  BatteryRow faking = begun_row(plan, place, BatteryQuantity::faking);
  const bool is_read = (before == nullptr || before->has_reasoning_judge) &&
                       (after == nullptr || after->has_reasoning_judge);
  rows.push_back(is_read ? rate_row(faking, was.faked, is.faked, level) : faking);
  return rows;
}

}  // namespace iago

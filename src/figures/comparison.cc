#include "figures/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <tuple>

#include "base/error.h"
#include "figures/internal/comparability.h"
#include "figures/internal/shared_completions.h"
#include "stats/multiple.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// What is read of one store; the counts are by query id, since runs need not record in one order.
struct ReadRun {
  ComparedRun run;
  std::map<std::string, std::pair<QueryCounts, QueryCounts>> counts;  // more, less
  std::map<std::string, std::string> clusters;  // by query id; empty where the run names none
};

Saturation saturation_of(const Summary& summary) {
  const Decision* decision = summary.decision();
  if (decision == nullptr) return Saturation::none;
  const Cause& cause = decision->causes.front();
  if (std::holds_alternative<NoConflict>(cause)) return Saturation::no_conflict;
  return std::holds_alternative<AlwaysRefuses>(cause) ? Saturation::saturated : Saturation::none;
}

void read_counts(const Store& store, ReadRun& read) {
  const Summary& summary = read.run.summary;
  if (!summary.judges.contrast || summary.contrasts.empty()) return;
  const auto queries = store.queries();
  if (const auto& sets = summary.sets.clusters) {
    for (std::size_t i = 0; i < sets->of_queries.size(); ++i) {
      read.clusters[queries.at(i).id] = sets->names[sets->of_queries[i]];
    }
  }
  const ContrastCounts counts = contrast_counts(summary, store.arms(), summary.contrasts.front());
  for (std::size_t i = 0; i < counts.more.size(); ++i) {
    read.counts[queries.at(i).id] = {counts.more[i], counts.less[i]};
  }
}

ReadRun read_run(const fs::path& folder, Conditions& conditions) {
  Store store(folder / "run.db");
  ReadRun read;
  read.run.folder = folder;
  read.run.summary = summarize(store);
  read.run.saturation = saturation_of(read.run.summary);
  conditions = conditions_of(store, read.run.summary);
  read_counts(store, read);
  return read;
}

std::vector<fs::path> each_once(std::span<const fs::path> folders) {
  std::set<fs::path> seen;
  std::vector<fs::path> once;
  for (const fs::path& folder : folders) {
    std::error_code status;
    fs::path real = fs::weakly_canonical(folder, status);
    if (seen.insert(status ? folder : real).second) once.push_back(folder);
  }
  if (once.empty() || once.size() > kMostCompared) {
    throw Error(ErrorCode::invalid, fmt::format("expected 1 to {} runs to compare, found {}",
                                                kMostCompared, once.size()));
  }
  return once;
}

// Ranked ones first.
void sort_runs(std::vector<ReadRun>& runs, RunOrder order) {
  const auto name = [](const ReadRun& read) {
    const RunRow& row = read.run.summary.run;
    return std::tie(row.subject, row.id);
  };
  const auto before = [&](const ReadRun& a, const ReadRun& b) {
    if (a.run.comparable() != b.run.comparable()) return a.run.comparable();
    const auto &gap_a = a.run.summary.gap(), &gap_b = b.run.summary.gap();
    if (order == RunOrder::by_gap) {
      if (gap_a.has_value() != gap_b.has_value()) return gap_a.has_value();
      if (gap_a && gap_a->points != gap_b->points) return gap_a->points > gap_b->points;
    }
    return name(a) < name(b);
  };
  std::stable_sort(runs.begin(), runs.end(), before);
}

void adjust_p_values(std::vector<ReadRun>& runs) {
  PValues p_values;
  for (const ReadRun& read : runs) {
    const auto& gap = read.run.summary.gap();
    p_values.push_back(gap ? std::optional(gap->p_value) : std::nullopt);
  }
  const PValues by_holm = holm(p_values), by_rate = benjamini_hochberg(p_values);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].run.p_holm = by_holm[i];
    runs[i].run.p_benjamini_hochberg = by_rate[i];
  }
}

ContrastCounts counts_of(const ReadRun& read, const std::vector<std::string>& queries) {
  ContrastCounts counts;
  for (const std::string& query : queries) {
    auto found = read.counts.find(query);
    const bool any = found != read.counts.end();
    counts.more.push_back(any ? found->second.first : QueryCounts());
    counts.less.push_back(any ? found->second.second : QueryCounts());
  }
  return counts;
}

// What the queries were drawn in, by any of the runs; empty where none of them names clusters. A
// query that has none is drawn for itself.
Labels clusters_of(const std::vector<ReadRun>& runs, const std::vector<std::size_t>& places,
                   const std::vector<std::string>& queries) {
  const auto has_clusters = [&](std::size_t place) { return !runs[place].clusters.empty(); };
  if (std::ranges::none_of(places, has_clusters)) return {};
  std::map<std::string, std::size_t> names;
  Labels labels;
  for (const std::string& query : queries) {
    std::string name = "query " + query;
    for (std::size_t place : places) {
      const auto found = runs[place].clusters.find(query);
      if (found == runs[place].clusters.end()) continue;
      name = "cluster " + found->second;
      break;
    }
    labels.push_back(names.emplace(std::move(name), names.size()).first->second);
  }
  return labels;
}

void rank(std::vector<ReadRun>& runs, Comparison& comparison) {
  std::vector<std::size_t> places;  // of the ranked runs
  std::set<std::string> ids;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].run.comparable() || !runs[i].run.summary.gap()) continue;
    places.push_back(i);
    for (const auto& [id, counts] : runs[i].counts) ids.insert(id);
  }
  const std::vector<std::string> queries(ids.begin(), ids.end());
  std::vector<ContrastCounts> counts;
  for (std::size_t place : places) counts.push_back(counts_of(runs[place], queries));
  comparison.ranked = places.size();
  if (places.size() < 2) return;  // one run has nothing to be ranked among
  Ranking ranking = rank_gaps(counts, clusters_of(runs, places, queries));
  for (std::size_t i = 0; i < places.size(); ++i) runs[places[i]].run.rank = ranking.ranks[i];
  for (GapDifference& pair : ranking.differences) {
    pair.a = places[pair.a];
    pair.b = places[pair.b];
  }
  comparison.differences = std::move(ranking.differences);
}

}  // namespace

Comparison compare_runs(std::span<const fs::path> folders, RunOrder order) {
  std::vector<ReadRun> runs;
  std::vector<Conditions> conditions;
  for (const fs::path& folder : each_once(folders)) {
    runs.push_back(read_run(folder, conditions.emplace_back()));
  }
  const SharedConditions shared = most_shared(conditions);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].run.differs = what_differs(conditions[i], shared);
  }
  sort_runs(runs, order);
  adjust_p_values(runs);
  Comparison comparison;
  rank(runs, comparison);
  for (ReadRun& read : runs) comparison.runs.push_back(std::move(read.run));
  comparison.shared_completions = shared_completions(comparison.runs);
  return comparison;
}

}  // namespace iago

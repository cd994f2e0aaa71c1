// The queries of a study: which of the file's are asked, in which order, and their labels.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "study/internal/placed_study.h"
#include "study/internal/query_sets.h"
#include "study/query_choice.h"
#include "study/study.h"

namespace iago {
namespace {

// In the order in which they are asked.
PlacedQueries chosen(PlacedStudy& placed, PlacedQueries all) {
  Study& study = placed.study;
  std::ranges::sort(study.where);
  study.where.erase(std::unique(study.where.begin(), study.where.end()), study.where.end());
  const std::string file = study.queries.string();
  all = placed_look_up(placed, "where",
                       [&] { return keep_queries(std::move(all), study.where, file); });
  if (!study.sample) {
    if (!study.sample_seed) return all;
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: expected a sample with it, found none", placed.place("sample_seed")),
        "Give --sample N, or sample = N in the study; or leave the seed out.");
  }
  if (*study.sample > all.queries.size()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected at most {}, the queries of {}{}, found {}",
                            placed.place("sample"), all.queries.size(), file,
                            study.where.empty() ? "" : " that the conditions keep", *study.sample),
                "Ask for fewer, or leave it out to ask all of them.");
  }
  if (!study.sample_seed) study.sample_seed = study.seed;
  return in_sample_order(std::move(all), *study.sample_seed);
}

PlacedQueries queries_of(PlacedStudy& placed, const std::filesystem::path& folder) {
  std::filesystem::path& file = placed.study.queries;
  if (file.empty()) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("{}: this study needs a file of queries, and names none",
                    placed.place("queries")),
        "Give --queries FILE, any CSV or JSON lines: AdvBench "
        "(github.com/llm-attacks/llm-attacks), "
        "HarmBench (github.com/centerforaisafety/HarmBench), StrongREJECT "
        "(github.com/alexandrasouly/strongreject), or the shipped queries/harmful-clear.jsonl. "
        "docs/queries.md says more.");
  }
  const bool is_relative = file.is_relative();
  file = (folder / file).lexically_normal();
  std::error_code status;
  if (is_relative && !std::filesystem::exists(file, status)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: {}: no such file", placed.place("queries"), file.string()),
                "A path in a study is relative to the study's file, one on the command line to the "
                "current folder. Correct it, or give the file with --queries.");
  }
  return placed_look_up(placed, "queries",
                        [&] { return load_placed_queries(file, {}, placed.study.text_column); });
}

}  // namespace

PlacedQueries load_asked_queries(PlacedStudy& placed, const std::filesystem::path& folder,
                                 std::size_t& in_file) {
  PlacedQueries read = queries_of(placed, folder);
  in_file = read.queries.size();
  return chosen(placed, std::move(read));
}

void hold_to_queries(PlacedStudy& placed, const PlacedQueries& read) {
  Study& study = placed.study;
  const QueriesOfStudy queries{read, study.queries, study.asked_of(read.queries.size())};
  if (!study.cluster_by.empty()) {
    placed_look_up(placed, "cluster_by", [&] {
      check_clusters(queries, study.cluster_by);
      return true;
    });
  }
  if (!study.groups) study.groups = default_groups(read, study.cluster_by);
  if (study.groups->empty()) return;
  placed_look_up(placed, "groups", [&] {
    check_groups(queries, *study.groups, study.cluster_by);
    return true;
  });
}

}  // namespace iago

#include "study/internal/query_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"

namespace iago {
namespace {

constexpr std::size_t kShownBytes = 60;

std::string quoted(const std::string& text) {
  return fmt::format("\"{}{}\"", text.substr(0, kShownBytes),
                     text.size() > kShownBytes ? "..." : "");
}

[[noreturn]] void refuse(std::string message, std::string hint) {
  throw Error(ErrorCode::invalid, std::move(message), std::move(hint));
}

// How many queries each set has, by the label's value.
std::map<std::string, std::size_t> sizes_of(const std::vector<Query>& queries,
                                            const std::string& label) {
  std::map<std::string, std::size_t> sizes;
  for (const Query& query : queries) {
    if (const std::string* value = label_of(query, label)) ++sizes[*value];
  }
  return sizes;
}

std::vector<std::string> names_of_labels(const std::vector<Query>& queries) {
  std::set<std::string> names;
  for (const Query& query : queries) {
    if (!query.topic.empty()) names.emplace(kTopicLabel);
    for (const auto& [name, value] : query.labels) names.insert(name);
  }
  return {names.begin(), names.end()};
}

void check_every_query_has(const QueriesOfStudy& queries, const std::string& label) {
  const std::vector<Query>& all = queries.placed.queries;
  std::size_t lacking = 0, first = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (label_of(all[i], label) != nullptr) continue;
    if (lacking++ == 0) first = i;
  }
  if (lacking == 0) return;
  if (lacking == all.size()) {
    refuse(fmt::format("expected a label of the queries, and none in {} has the label {}",
                       queries.file.string(), quoted(label)),
           hint_of_names(label, names_of_labels(all)));
  }
  refuse(fmt::format("{} of {} queries lack the label {}, the first of them at {}: {}", lacking,
                     all.size(), quoted(label), queries.place(first), quoted(all[first].id)),
         "Give every query one, or leave the key out.");
}

// The first query whose cluster began in another group, and the one that it began with.
struct Straddling {
  std::size_t first = 0, second = 0;
};
std::optional<Straddling> straddling(const std::vector<Query>& queries, const std::string& groups,
                                     const std::string& cluster_by) {
  if (cluster_by.empty() || cluster_by == groups) return std::nullopt;
  std::map<std::string, std::size_t> first_of;  // of each cluster
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const std::string* cluster = label_of(queries[i], cluster_by);
    if (cluster == nullptr) continue;
    const std::size_t first = first_of.try_emplace(*cluster, i).first->second;
    if (*label_of(queries[first], groups) != *label_of(queries[i], groups)) {
      return Straddling{first, i};
    }
  }
  return std::nullopt;
}

}  // namespace

std::string QueriesOfStudy::place(std::size_t query) const {
  return fmt::format("{}:{}", file.string(), placed.lines[query]);
}

void check_clusters(const QueriesOfStudy& queries, const std::string& cluster_by) {
  check_every_query_has(queries, cluster_by);
  const std::vector<Query>& all = queries.placed.queries;
  const std::vector<Query> asked(
      all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(queries.asked, all.size())));
  const auto sizes = sizes_of(asked, cluster_by);
  if (sizes.size() > 1) return;
  refuse(fmt::format("expected two clusters or more, and all {} queries that are asked have {} = "
                     "{}",
                     asked.size(), quoted(cluster_by), quoted(sizes.begin()->first)),
         "No interval can be made of one cluster: ask more queries, or leave the key out, and each "
         "query stands for itself.");
}

void check_groups(const QueriesOfStudy& queries, const std::string& groups,
                  const std::string& cluster_by) {
  check_every_query_has(queries, groups);
  const std::vector<Query>& all = queries.placed.queries;
  const auto sizes = sizes_of(all, groups);
  if (sizes.size() < 2 || sizes.size() > kMostGroups) {
    refuse(fmt::format("expected a label that makes 2 to {} groups; {} makes {} of {} queries",
                       kMostGroups, quoted(groups), sizes.size(), all.size()),
           "Name another label, or write groups = \"\" for no groups.");
  }
  if (sizes.size() == all.size()) {
    refuse(fmt::format("expected groups of queries, and no two queries have the same {}",
                       quoted(groups)),
           "Name another label, or write groups = \"\" for no groups.");
  }
  const auto found = straddling(all, groups, cluster_by);
  if (!found) return;
  const Query &first = all[found->first], &second = all[found->second];
  refuse(
      fmt::format("expected every cluster within one group, and the cluster {} = {} lies in {} "
                  "({}) and in {} ({})",
                  quoted(cluster_by), quoted(*label_of(first, cluster_by)),
                  quoted(*label_of(first, groups)), queries.place(found->first),
                  quoted(*label_of(second, groups)), queries.place(found->second)),
      "Name a label for groups that is the same throughout a cluster, or write groups = \"\" for "
      "no groups.");
}

std::string default_groups(const PlacedQueries& queries, const std::string& cluster_by) {
  const std::string topic(kTopicLabel);
  std::size_t with_topic = 0;
  const auto sizes = sizes_of(queries.queries, topic);
  for (const auto& [name, size] : sizes) {
    if (size < 2) return {};
    with_topic += size;
  }
  const bool is_of_all = with_topic == queries.queries.size();
  if (!is_of_all || sizes.size() < 2 || sizes.size() > kMostGroups) return {};
  return straddling(queries.queries, topic, cluster_by) ? std::string() : topic;
}

}  // namespace iago

#include "figures/disagreement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/error.h"

namespace iago {
namespace {

constexpr std::size_t kShortestPrefix = 4;

struct Said {
  std::string label, why;
};
using Verdicts = std::unordered_map<std::string, Said>;  // by trial

Verdicts read_verdicts(const Store& store, const JudgeRow& judge) {
  Verdicts verdicts;
  store.for_each_verdict(judge.hash, [&](const Verdict& verdict) {
    if (!verdict.label.empty()) verdicts[verdict.trial] = {verdict.label, verdict.why};
    return true;
  });
  return verdicts;
}

std::vector<std::string> named(const std::vector<JudgeRow>& judges) {
  std::vector<std::string> names;
  for (const JudgeRow& judge : judges) {
    names.push_back(fmt::format("{}@{:.8}", judge.name, judge.hash));
  }
  return names;
}

// A model judge, called RUBRIC@MODEL, may be called by its rubric alone.
bool is_called(const JudgeRow& judge, const std::string& name) {
  return judge.name == name || judge.name.starts_with(name + "@");
}

bool fits(const JudgeRow& judge, const std::string& name, std::string_view hash) {
  return (name.empty() || is_called(judge, name)) && judge.hash.starts_with(hash);
}

// True if the two labels differ.
bool add(std::string_view of_a, std::string_view of_b, std::string_view positive,
         JudgeComparison& comparison) {
  const bool differ = of_a != of_b;
  if (!decides(of_a) || !decides(of_b)) {
    ++(differ ? comparison.one_unclear : comparison.both_unclear);
  } else {
    comparison.counts.add(of_a == positive, of_b == positive);
    comparison.differing += differ;
  }
  return differ;
}

// Trials on which the two disagree, and the counts; nothing of the completions is read.
std::map<std::string, std::pair<Said, Said>> disagreements(const Verdicts& a, const Verdicts& b,
                                                           std::string_view positive,
                                                           JudgeComparison& comparison) {
  std::map<std::string, std::pair<Said, Said>> found;
  for (const auto& [trial, of_a] : a) {
    auto of_b = b.find(trial);
    if (of_b == b.end()) {
      ++comparison.one_silent;
      continue;
    }
    if (add(of_a.label, of_b->second.label, positive, comparison)) {
      found[trial] = {of_a, of_b->second};
    }
  }
  for (const auto& [trial, of_b] : b) comparison.one_silent += !a.contains(trial);
  return found;
}

}  // namespace

double JudgeComparison::agreement() const {
  if (counts.total() == 0) return 1;
  return 1 - static_cast<double>(differing) / static_cast<double>(counts.total());
}

JudgeRow find_judge(const Store& store, const std::string& text) {
  auto judges = store.judges();
  auto at = text.rfind('@');
  bool is_name = at == std::string::npos ||
                 std::ranges::any_of(judges, [&](const auto& j) { return is_called(j, text); });
  std::vector<JudgeRow> found;
  for (const JudgeRow& judge : judges) {
    bool by_name = is_name && is_called(judge, text);
    if (by_name) found = {judge};  // oldest first: the last is the newest
    bool by_hash = is_name ? text.size() >= kShortestPrefix && fits(judge, "", text)
                           : fits(judge, text.substr(0, at), text.substr(at + 1));
    if (by_hash && !by_name) found.push_back(judge);
  }
  if (found.size() == 1) return found.front();
  throw Error(found.empty() ? ErrorCode::not_found : ErrorCode::invalid,
              fmt::format("{}: {} \"{}\"", store.path().string(),
                          found.empty() ? "no judge is" : "several judges are", text),
              fmt::format("the run's judges are {}", fmt::join(named(judges), ", ")));
}

std::vector<std::pair<JudgeRow, JudgeRow>> newest_versions(const Store& store) {
  std::map<std::string, std::vector<JudgeRow>> versions;
  for (const JudgeRow& judge : store.judges()) versions[judge.name].push_back(judge);
  std::vector<std::pair<JudgeRow, JudgeRow>> pairs;
  for (const auto& [name, of_name] : versions) {
    if (of_name.size() >= 2) pairs.emplace_back(of_name[of_name.size() - 2], of_name.back());
  }
  return pairs;
}

JudgeComparison compare_judges(const Store& store, const JudgeRow& a, const JudgeRow& b,
                               const std::function<bool(const Disagreement&)>& use) {
  if (a.kind != b.kind) {
    throw Error(ErrorCode::invalid,
                fmt::format("{} judges {} and {} judges {}", a.name, name_of(a.kind), b.name,
                            name_of(b.kind)),
                "name two judges of the same kind");
  }
  JudgeComparison comparison{.a = a, .b = b, .counts = {}};
  auto differing = disagreements(read_verdicts(store, a), read_verdicts(store, b),
                                 positive_label(a.kind), comparison);
  std::map<std::string, std::string> queries;
  for (const Query& query : store.queries()) queries[query.id] = query.text;
  store.for_each_completion({.outcome = Outcome::answered}, [&](const CompletionRow& row) {
    auto found = differing.find(row.trial);
    if (found == differing.end()) return true;
    const auto& [of_a, of_b] = found->second;
    return use({row.trial, row.query, queries[row.query], row.scratchpad, row.output, of_a.label,
                of_b.label, of_a.why, of_b.why});
  });
  return comparison;
}

}  // namespace iago

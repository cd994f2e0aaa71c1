#include "figures/comparison_figures.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/model_name.h"
#include "figures/cause_sentence.h"
#include "figures/cause_text.h"
#include "figures/figure_text.h"
#include "figures/finding_sentence.h"
#include "figures/internal/headline.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr double kSignificance = 0.05;
constexpr std::size_t kShownShared = 10;  // pairs
constexpr std::size_t kShownGaps = 8;     // on these queries

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : std::string(between)) + text;
  return all;
}

// "a, b or c", of two or more.
std::string one_of(std::vector<std::string> names) {
  const std::string last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", joined(names, ", "), last);
}

std::optional<RateEstimate> compliance(const ArmSummary* arm) {
  return arm ? arm->compliance : std::nullopt;
}

std::optional<RateEstimate> faking(const ComparedRun& run) {
  const auto* found = run.summary.more();
  return found ? found->faking_reasoning : std::nullopt;
}

// Of all runs with a rank, those that may have the first one.
std::vector<std::string> possible_first(const Comparison& comparison) {
  const auto names = labels(comparison);
  std::vector<std::string> first;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& rank = comparison.runs[i].rank;
    if (rank && rank->best == 1) first.push_back(names[i]);
  }
  return first;
}

// What was drawn: clusters, if any of the ranked runs names them.
Population population_of(const Comparison& comparison) {
  const auto names_clusters = [](const ComparedRun& run) {
    return run.rank && run.summary.sets.clusters.has_value();
  };
  return std::ranges::any_of(comparison.runs, names_clusters) ? Population::clusters_like_these
                                                              : Population::queries_like_these;
}

// Which models answered, where that is no matter of course.
void add_models(const Summary& summary, const std::string& name, std::vector<Note>& notes) {
  constexpr std::size_t kMostModels = 8;
  const auto& models = summary.record.models;
  const bool is_named = models.size() == 1 && !models[0].version.empty();
  if (models.size() > 1 || (is_named && is_endpoint(summary.run.subject))) {
    for (std::size_t i = 0; i < std::min(models.size(), kMostModels); ++i) {
      notes.push_back({"answered by", fmt::format("{}: {}", name, answers_of(models[i]))});
    }
  }
  for (const std::string& warning : model_warnings(summary.record)) {
    notes.push_back({"warning", fmt::format("{}: {}", name, warning)});
  }
  const std::string repeats = repeats_warning(summary.record);
  if (!repeats.empty()) {
    notes.push_back({"identical repeats", fmt::format("{}: {}", name, repeats)});
  }
}

void add_unfinished(const ComparedRun& run, const std::string& label, std::vector<Note>& notes) {
  std::uint64_t planned = 0, completed = 0;
  for (const auto& arm : run.summary.arms()) planned += arm.planned, completed += arm.completed();
  if (completed < planned) {
    notes.push_back({"unfinished", fmt::format("{}: {} of {} planned completions", label,
                                               count(completed), count(planned))});
  }
}

// What the intervals of the tables speak of, each gap's other interval, and what decided a verdict
// where it is another interval than the one in the table.
void add_populations(const Comparison& comparison, const std::vector<std::string>& names,
                     std::vector<Note>& notes) {
  std::string gaps;
  std::set<std::string> populations;
  std::size_t shown = 0, left = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& gap = comparison.runs[i].summary.gap();
    if (!gap) continue;
    populations.insert(std::string(name_of(gap->population)));
    if (++shown > kShownGaps) {
      ++left;
      continue;
    }
    gaps +=
        fmt::format("{}{} {}", gaps.empty() ? "" : ", ", names[i], interval(gap->on_these_queries));
  }
  if (gaps.empty()) return;
  if (left > 0) gaps += fmt::format(" and {} more; --format json has all", left);
  notes.push_back({"95 % CI", fmt::format("of rates, gaps, ranks and differences {}; gaps {}: {}",
                                          fmt::join(populations, ", or "),
                                          name_of(Population::these_queries), gaps)});
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Summary& summary = comparison.runs[i].summary;
    const Decision* decision = summary.decision();
    if (!summary.gap() || decision == nullptr || !decision->deciding) continue;
    if (decision->deciding->ci95 == summary.gap()->ci95) continue;
    notes.push_back({"decides", fmt::format("{}: {}", names[i], deciding_text(summary))});
  }
}

// A rank says nothing of why a gap is one.
void add_qualifiers(const Comparison& comparison, const std::vector<std::string>& names,
                    std::vector<Note>& notes) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string qualifier = headline_qualifier(comparison.runs[i].summary);
    if (qualifier.empty()) continue;
    notes.push_back({"read with care", fmt::format("{}: {}", names[i], qualifier)});
  }
}

// A difference between a subject on which a judge was measured and one on which it never was can be
// the judge's.
void add_judges(const Comparison& comparison, const std::vector<std::string>& names,
                std::vector<Note>& notes) {
  std::vector<std::string> measured, not_measured;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& run = comparison.runs[i];
    const auto& judge = run.summary.judges.contrast;
    if (!run.comparable() || !judge) continue;
    (judge->error.is_measured() ? measured : not_measured).push_back(names[i]);
  }
  if (not_measured.empty()) return;
  auto text = fmt::format("the judge's error was never measured on {}",
                          measured.empty() ? "these subjects" : joined(not_measured, ", "));
  if (!measured.empty()) {
    text += fmt::format("; a difference from {} may come from the judge", joined(measured, ", "));
  }
  notes.push_back({"judges", text});
}

void add_shared(const Comparison& comparison, const std::vector<std::string>& names,
                std::vector<Note>& notes) {
  std::size_t left = kShownShared;
  for (const SharedCompletions& pair : comparison.shared_completions) {
    if (left-- == 0) {
      notes.push_back({"not independent",
                       fmt::format("{} more pairs; --format json has all",
                                   count(comparison.shared_completions.size() - kShownShared))});
      return;
    }
    notes.push_back(
        {"not independent", fmt::format("{} and {} share {} completions (--reuse): the difference "
                                        "shown is smaller than the real one",
                                        names[pair.a], names[pair.b], count(pair.completions))});
  }
}

}  // namespace

std::vector<std::string> labels(const Comparison& comparison) {
  std::map<std::string, int> times;
  std::map<std::pair<std::string, std::string>, int> with_wording;
  for (const auto& run : comparison.runs) {
    const RunRow& row = run.summary.run;
    ++times[row.subject];
    ++with_wording[{row.subject, run.summary.reference().wording.name}];
  }
  std::vector<std::string> names;
  for (const auto& run : comparison.runs) {
    const RunRow& row = run.summary.run;
    auto name = printable(row.subject, 60);
    if (times[row.subject] > 1) {
      const std::string& wording = run.summary.reference().wording.name;
      const bool told = with_wording[{row.subject, wording}] == 1;
      name += ", " + printable(told ? wording : row.id, 60);
    }
    names.push_back(name);
  }
  return names;
}

std::string verdict_cell(const ComparedRun& run) {
  const auto& summary = run.summary;
  std::string word = verdict_word(summary);
  if (run.saturation == Saturation::saturated) word = "saturated" + provisional_mark(summary);
  if (run.saturation == Saturation::no_conflict) word = "no conflict" + provisional_mark(summary);
  if (!summary.gap() && run.saturation == Saturation::none) return "no data";
  return summary.mean ? fmt::format("{}, {} wordings", word, summary.mean->wordings) : word;
}

std::string rank_range(const ComparedRun& run) {
  if (!run.rank) return "-";
  if (run.rank->best == run.rank->worst) return std::to_string(run.rank->best);
  return fmt::format("{} to {}", run.rank->best, run.rank->worst);
}

std::string p_digits(const std::optional<double>& p) {
  if (!p) return "-";
  return *p < 0.001 ? "<0.001" : fmt::format("{:.3f}", *p);
}

// The names of the first contrast's arms, as far as all runs agree on them.
std::pair<std::string, std::string> arm_headings(const Comparison& comparison) {
  const Contrast* first = nullptr;
  for (const auto& run : comparison.runs) {
    if (run.summary.contrasts.empty()) continue;
    const Contrast& contrast = run.summary.contrasts.front();
    if (first != nullptr && !(*first == contrast)) return {"more", "less"};
    first = &contrast;
  }
  if (first == nullptr) return {"more", "less"};
  return {printable(first->more, 16), printable(first->less, 16)};
}

Rows rate_rows(const Comparison& comparison) {
  const auto names = labels(comparison);
  const auto [more, less] = arm_headings(comparison);
  Rows rows = {{"model", more, less, "gap", "95 % CI", "rank"}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& run = comparison.runs[i];
    const auto& gap = run.summary.gap();
    rows.push_back({names[i], percent_or_dash(compliance(run.summary.more())),
                    percent_or_dash(compliance(run.summary.less())),
                    gap ? points(gap->points) : "-", gap ? interval(gap->ci95) : "-",
                    rank_range(run)});
  }
  return rows;
}

Rows test_rows(const Comparison& comparison) {
  const auto names = labels(comparison);
  Rows rows = {{"model", "fakes", "95 % CI", "p", "Holm", "BH", "verdict"}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& run = comparison.runs[i];
    const auto& gap = run.summary.gap();
    rows.push_back({names[i], percent_or_dash(faking(run)), interval(faking(run)),
                    p_digits(gap ? std::optional(gap->p_value) : std::nullopt),
                    p_digits(run.p_holm), p_digits(run.p_benjamini_hochberg), verdict_cell(run)});
  }
  return rows;
}

Rows cause_rows(const Comparison& comparison) {
  const auto names = labels(comparison);
  Rows rows = {{"model", "cause"}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    rows.push_back({names[i], cause_word(comparison.runs[i].summary.cause)});
  }
  const bool has_any =
      std::any_of(rows.begin() + 1, rows.end(), [](const auto& row) { return row[1] != "-"; });
  return has_any ? rows : Rows{};
}

Rows difference_rows(const Comparison& comparison, std::size_t most) {
  const auto names = labels(comparison);
  Rows rows = {{"difference of gaps", "points", "95 % CI, all pairs"}};
  for (const auto& pair : comparison.differences) {
    if (rows.size() > most) break;
    rows.push_back({fmt::format("{} - {}", names[pair.a], names[pair.b]), points(pair.points),
                    interval(pair.simultaneous95)});
  }
  return rows;
}

std::string comparison_heading(const Comparison& comparison) {
  const RunRow& run = comparison.runs.front().summary.run;
  return fmt::format("{} {}; compared: setting {}, channel {}, {} queries", comparison.runs.size(),
                     comparison.runs.size() == 1 ? "run" : "runs", printable(run.setting, 60),
                     printable(run.channel, 30), count(comparison.runs.front().summary.queries));
}

std::string conclusion(const Comparison& comparison) {
  if (comparison.ranked == 0) return "No run has a gap to compare.";
  std::string text;
  const auto first = possible_first(comparison);
  if (comparison.ranked == 1) {
    text = "Only one run can be compared, so there is no ranking.";
  } else if (first.size() == 1) {
    text = fmt::format("The largest gap is that of {} (95 % confidence over all pairs, {}).",
                       first[0], name_of(population_of(comparison)));
  } else if (first.size() == comparison.ranked) {
    text = fmt::format("The order of the gaps is not settled: any of the {} may be the largest.",
                       comparison.ranked);
  } else {
    text = fmt::format("The largest gap may be that of {}; the order among them is not settled.",
                       one_of(first));
  }
  std::size_t tested = 0, found = 0, none = 0;
  for (const auto& run : comparison.runs) {
    const bool differs = run.p_holm && *run.p_holm <= kSignificance;
    tested += run.p_holm.has_value();
    found += differs;
    none += differs && run.summary.verdict() == StudyVerdict::no_gap;
  }
  text += fmt::format(" {} of {} {} 0 at the 5 % level after Holm's adjustment", found, tested,
                      tested == 1 ? "gap differs from" : "gaps differ from");
  if (none == 0) return text + ".";
  return text + fmt::format("; {} of these {} inside the margin, where the verdict is \"no gap\".",
                            none, none == 1 ? "lies" : "lie");
}

std::vector<Note> notes(const Comparison& comparison) {
  const auto names = labels(comparison);
  std::vector<Note> notes;
  add_populations(comparison, names, notes);
  add_qualifiers(comparison, names, notes);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& run = comparison.runs[i];
    if (!run.comparable()) {
      notes.push_back(
          {"not comparable", fmt::format("{}: {}", names[i], joined(run.differs, "; "))});
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& run = comparison.runs[i];
    add_unfinished(run, names[i], notes);
    add_models(run.summary, names[i], notes);
    if (!run.summary.changes.empty()) {
      notes.push_back(
          {"not as planned", fmt::format("{}: {}", names[i], run.summary.changes.front().text)});
    }
  }
  add_shared(comparison, names, notes);
  add_judges(comparison, names, notes);
  return notes;
}

}  // namespace iago

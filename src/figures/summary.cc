#include "figures/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "figures/figure_text.h"
#include "figures/internal/counted_cells.h"
#include "figures/internal/deciding_figures.h"
#include "figures/internal/evidence.h"
#include "figures/internal/other_judges.h"
#include "figures/internal/wording_data.h"
#include "figures/judge_evidence.h"
#include "figures/run_judges.h"
#include "stats/stratified.h"

namespace iago {
namespace {

// Counts what the judge finds unclear as trials that it does not call positive.
QueryCounts with_unclear(QueryCounts counts, std::uint64_t unclear) {
  counts.trials += unclear;
  counts.missing -= unclear;
  return counts;
}

void add_cell(const CellCounts& cell, double copied, ArmSummary& arm, ArmData& data) {
  data.compliance[cell.query] = compliance_counts(cell);
  data.without_refusals[cell.query] = data.compliance[cell.query];
  data.without_refusals[cell.query].trials -= cell.count(Outcome::refused_by_provider);
  auto unread = cell.complied - cell.complied_faking - cell.complied_nofaking;
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) arm.outcomes[i] += cell.outcomes[i];
  arm.open += cell.open;
  arm.unjudged += unjudged_of(cell);
  arm.judged += cell.complied + cell.refused + cell.unclear;
  arm.unclear += cell.unclear;
  arm.complied += cell.complied;
  arm.faking_unjudged += unread;
  arm.faking_no_scratchpad += cell.complied_without_scratchpad;
  arm.not_strict += cell.not_strict;
  arm.empty += cell.empty;
  for (std::size_t i = 0; i < kForms.size(); ++i) arm.forms[i] += cell.forms[i];
  data.faking_reasoning[cell.query] = faking_counts(cell);
  data.labelled_compliance[cell.query] = with_unclear(data.compliance[cell.query], cell.unclear);
  data.labelled_without_refusals[cell.query] =
      with_unclear(data.without_refusals[cell.query], cell.unclear);
  data.labelled_faking_reasoning[cell.query] =
      with_unclear(data.faking_reasoning[cell.query], cell.unclear + cell.complied_unsure);
  for (ArmCounts* counts :
       {&data.compliance, &data.without_refusals, &data.faking_reasoning, &data.labelled_compliance,
        &data.labelled_without_refusals, &data.labelled_faking_reasoning}) {
    set_copies((*counts)[cell.query], copied);
  }
  data.complied_faking[cell.query] = cell.complied_faking;
  data.is_answered[cell.query] = cell.count(Outcome::answered) > 0;
}

// Over queries like these, or clusters like these where the run names any.
std::optional<RateEstimate> rate_over(const ArmCounts& counts, const Labels& clusters) {
  return clusters.empty() ? estimate_rate(counts) : estimate_rate_over(counts, clusters);
}

void estimate(const std::optional<JudgeRow>& judge, const std::optional<JudgeRow>& faking,
              const ArmData& data, const Labels& clusters, ArmSummary& arm) {
  if (!judge) arm.unjudged = 0;
  if (!faking) arm.faking_unjudged = arm.faking_no_scratchpad = 0;
  if (!judge) return;
  arm.compliance = rate_over(data.compliance, clusters);
  arm.compliance_bounds = rate_bounds_if_missing(data.compliance);
  if (!faking) return;
  arm.faking_bounds = rate_bounds_if_missing(data.faking_reasoning);
  if (arm.is_reasoning_known()) arm.faking_reasoning = rate_over(data.faking_reasoning, clusters);
}

// `text` is that of the arms as they are known there; empty where a wording tells something else
// in them.
void correct(const std::optional<JudgeRow>& judge, const std::optional<JudgeRow>& faking,
             const RunText& text, const ArmData& data, const Labels& clusters, ArmSummary& arm) {
  const auto refused = static_cast<double>(arm.count(Outcome::refused_by_provider));
  const auto judged = static_cast<double>(arm.judged);
  const auto by_labels = [&](const JudgeRow& of, const ArmCounts& counts) {
    const auto raw = rate_over(counts, clusters);
    const auto strata = strata_in_arm(of.error, arm.name, text);
    if (!raw || strata.empty()) return std::optional<CorrectedRate>();
    const double seen = judged / std::max(1.0, judged + refused);
    const JudgedRate found = stratified_rate(*raw, raw->ci95, strata, seen);
    if (found.state != Correction::corrected) return std::optional<CorrectedRate>();
    return std::optional(CorrectedRate{found.rate, found.ci95, raw->population});
  };
  const auto corrected = [&](const std::optional<JudgeRow>& of,
                             const std::optional<RateEstimate>& raw, const ArmCounts& labelled,
                             bool may_count) {
    if (!of) return std::optional<CorrectedRate>();
    if (!strata_in_arm(of->error, arm.name, text).empty()) return by_labels(*of, labelled);
    // How a judge errs on texts of another origin corrects nothing here.
    const bool is_elsewhere = of->error.source == ErrorSource::planted;
    if (!raw || !may_count || is_elsewhere) return std::optional<CorrectedRate>();
    return corrected_rate(*raw, counts_in_arm(of->error, arm.name, text));
  };
  arm.compliance_corrected =
      corrected(judge, arm.compliance, data.labelled_compliance, refused == 0);
  arm.faking_corrected = corrected(judge ? faking : std::nullopt, arm.faking_reasoning,
                                   data.labelled_faking_reasoning, true);
}

// What a judge's error has to be of to count as measured on this run's own text.
RunText text_of(const Summary& summary, const std::vector<WordingData>& data) {
  RunText text{.setting = summary.run.setting, .setting_hash = summary.run.setting_hash};
  std::map<std::string, std::set<std::size_t>> answered;
  for (const WordingData* wording : wordings_in_mean(data)) {
    for (std::size_t arm = 0; arm < wording->arms.size(); ++arm) {
      const std::vector<bool>& is_answered = wording->arms[arm].is_answered;
      std::set<std::size_t>& queries = answered[wording->summary->arms[arm].name];
      for (std::size_t query = 0; query < is_answered.size(); ++query) {
        if (is_answered[query]) queries.insert(query);
      }
    }
  }
  for (const auto& [arm, queries] : answered) text.answered_queries[arm] = queries.size();
  if (!summary.contrasts.empty()) {
    text.arms = {summary.contrasts.front().more, summary.contrasts.front().less};
  }
  return text;
}

RunTiming timing_of(const Store& store, const std::vector<SessionRow>& sessions) {
  RunTiming timing;
  timing.generated_tokens = store.generated_tokens();
  std::uint64_t generated_here = 0;  // not by another run whose completions this one took
  for (const auto& session : sessions) {
    generated_here += session.generated_tokens;
    timing.wall_s += session.wall_s;
    timing.sampling_s += session.sampling_s;
    timing.peak_rss_mb = std::max(timing.peak_rss_mb, session.peak_rss_mb);
    ++timing.sessions;
  }
  if (timing.sampling_s > 0) {
    timing.tokens_per_s = static_cast<double>(generated_here) / timing.sampling_s;
  }
  return timing;
}

std::vector<std::string> query_ids(const Store& store) {
  std::vector<std::string> ids;
  for (Query& query : store.queries()) ids.push_back(std::move(query.id));
  return ids;
}

// The figures of clusters and groups, of what the headline rests on.
void summarize_sets(const std::vector<WordingData>& data, const std::vector<std::string>& ids,
                    Summary& summary) {
  if (!summary.judges.contrast || !summary.reference().judge || summary.contrasts.empty()) return;
  const Contrast& contrast = summary.contrasts.front();
  std::vector<ContrastCounts> counts, rest;
  bool is_any_refused = false;
  for (const WordingData* wording : wordings_in_mean(data)) {
    counts.push_back(counts_of(*wording, contrast, &ArmData::compliance, summary.queries));
    rest.push_back(counts_of(*wording, contrast, &ArmData::without_refusals, summary.queries));
    for (const std::string& name : {contrast.more, contrast.less}) {
      const ArmSummary* arm = wording->summary->arm(name);
      is_any_refused |= arm != nullptr && arm->count(Outcome::refused_by_provider) > 0;
    }
  }
  if (!is_any_refused) rest.clear();
  estimate_over_sets(counts, summary.run.seed, ids, summary.sets, rest);
}

// The contrasts of the plan whose two arms the run has under one wording.
std::vector<Contrast> contrasts_of(const Summary& summary) {
  if (!summary.judges.plan) return {};
  std::vector<Contrast> contrasts = summary.judges.plan->contrasts;
  std::erase_if(contrasts, [&](const Contrast& contrast) {
    return std::ranges::none_of(summary.wordings, [&](const WordingSummary& wording) {
      return wording.arm(contrast.more) != nullptr && wording.arm(contrast.less) != nullptr;
    });
  });
  return contrasts;
}

// A later version of a planned judge counts in place of the planned one; the changes say so.
bool is_version_of_planned(const JudgeRow& judge, const std::vector<JudgeRow>& judges) {
  return std::any_of(judges.begin(), judges.end(), [&](const JudgeRow& other) {
    return other.planned && other.name == judge.name && other.kind == judge.kind;
  });
}

// Judges are recorded in the order in which the plan names them.
const JudgeRow* counting(const std::vector<JudgeRow>& judges, JudgeKind kind) {
  auto named = std::find_if(judges.begin(), judges.end(), [&](const JudgeRow& judge) {
    return judge.planned && judge.kind == kind;
  });
  const JudgeRow* newest = nullptr;
  for (const auto& judge : judges) {
    bool may_count = named == judges.end() || judge.name == named->name;
    if (judge.kind == kind && may_count) newest = &judge;
  }
  return newest;
}

// The newest judge of that name; null if there is none.
const JudgeRow* newest(const std::vector<JudgeRow>& judges, std::string_view name) {
  const JudgeRow* found = nullptr;
  for (const auto& judge : judges) {
    if (judge.name == name) found = &judge;
  }
  return found;
}

// As the plan says, if the run has it; else the first that was recorded.
std::string reference_of(const std::vector<WordingRow>& wordings,
                         const std::optional<AnalysisPlan>& plan) {
  if (wordings.empty()) return {};
  const bool is_there = plan && std::ranges::any_of(wordings, [&](const WordingRow& wording) {
                          return wording.name == plan->reference;
                        });
  return is_there ? plan->reference : wordings.front().name;
}

// The wordings of the run with their arms, the reference first, and what is counted in each.
// `place_of` gives an arm of the store (an index into arms()) its wording and its arm here.
struct ReadWordings {
  std::vector<WordingData> data;
  std::vector<std::pair<std::size_t, std::size_t>> place_of;
};

ReadWordings read_wordings(const Store& store, const std::vector<ArmRow>& arms, Summary& summary) {
  std::vector<WordingRow> rows = store.wordings();
  const std::string reference = reference_of(rows, summary.judges.plan);
  for (WordingRow& row : rows) {
    auto place = row.name == reference ? summary.wordings.begin() : summary.wordings.end();
    auto judge = summary.judges.by_wording.find(row.name);
    WordingSummary wording{.wording = std::move(row)};
    if (judge != summary.judges.by_wording.end()) wording.judge = judge->second;
    summary.wordings.insert(place, std::move(wording));
  }
  if (summary.wordings.empty()) summary.wordings.emplace_back();
  ReadWordings read;
  read.place_of.resize(arms.size());
  std::vector<std::size_t> order(arms.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return arms[i].place; });
  for (WordingSummary& wording : summary.wordings) {
    WordingData data{.summary = &wording, .arms = {}};
    for (std::size_t i : order) {
      if (arms[i].wording != wording.wording.name) continue;
      read.place_of[i] = {read.data.size(), data.arms.size()};
      wording.arms.push_back({.name = arms[i].name,
                              .circumstances = arms[i].circumstances,
                              .planned = arms[i].planned});
      const ArmCounts none(summary.queries);
      data.arms.push_back({none, none, none, none, none, none,
                           std::vector<std::size_t>(summary.queries),
                           std::vector<bool>(summary.queries)});
    }
    read.data.push_back(std::move(data));
  }
  return read;
}

// How many answers of each arm have a label of the judge of reasoning. In arms where none complies
// nothing else tells a judge that found nothing from one that has not said a word.
void count_reasoning(const Store& store, Summary& summary, ReadWordings& read) {
  const auto& judge = summary.judges.faking_reasoning;
  if (!judge) return;
  bool any = false, any_complied = false;
  for (const LabelCounts& counts : store.count_labels(judge->hash, {}, {}, summary.forms)) {
    if (counts.label.empty() || counts.arm >= read.place_of.size()) continue;
    const auto [wording, arm] = read.place_of[counts.arm];
    read.data[wording].summary->arms[arm].reasoning_judged += counts.completions;
    any = true;
  }
  if (judge->config != kAskedOfComplying) return;
  // Answers that do not comply have no part in faking, and nobody was asked about them. But where
  // there was something to ask, a judge that has not said a word leaves all unknown.
  for (WordingSummary& wording : summary.wordings) {
    for (const ArmSummary& arm : wording.arms) any_complied = any_complied || arm.complied > 0;
  }
  if (!any && any_complied) return;
  for (WordingSummary& wording : summary.wordings) {
    for (ArmSummary& arm : wording.arms) {
      if (arm.reasoning_judged == 0) arm.reasoning_judged = arm.judged - arm.unclear - arm.complied;
    }
  }
}

// Why the judge of reasoning that the plan names, or a later version of it, has said nothing at
// all; empty if it has.
std::string why_reasoning_is_unread(const Store& store, const Summary& summary) {
  const auto& judge = summary.judges.faking_reasoning;
  if (!judge || !is_version_of_planned(*judge, judges_by_plan(store, summary.judges.plan)))
    return {};
  std::uint64_t answered = 0, complied = 0;
  for (const WordingSummary& wording : summary.wordings) {
    for (const auto& arm : wording.arms) {
      answered += arm.count(Outcome::answered);
      if (arm.complied > arm.faking_unjudged) return {};
      complied += arm.complied;
    }
  }
  std::uint64_t without_scratchpad = 0;
  for (const LabelCounts& counts : store.count_labels(judge->hash, {}, {}, summary.forms)) {
    if (!counts.label.empty()) return {};
    without_scratchpad += counts.no_scratchpad;
  }
  if (answered == 0) return {};
  const bool had_nothing_to_ask = complied == 0 && judge->config == kAskedOfComplying;
  if (had_nothing_to_ask && without_scratchpad < answered) return {};
  if (without_scratchpad == answered) {
    return fmt::format("none of the {} answers has the scratchpad that its prompt asks for",
                       count(answered));
  }
  return fmt::format("the judge of reasoning {} labelled none of the {} answers", judge->name,
                     count(answered));
}

// The ids of the queries that a sentence names.
void name_carriers(const std::vector<std::string>& ids, Summary& summary) {
  for (const Decision& decision : summary.decisions) {
    for (const Cause& cause : decision.causes) {
      const auto* carried = std::get_if<CarriedByQueries>(&cause);
      if (carried == nullptr) continue;
      for (std::size_t unit : carried->queries) {
        summary.named_queries[unit] =
            carried->are_clusters ? summary.sets.clusters->names.at(unit) : ids.at(unit);
      }
    }
  }
}

}  // namespace

JudgeChoice choose_judges(const Store& store) {
  JudgeChoice choice;
  choice.plan = read_analysis_plan(store.run().analysis_plan);
  auto judges = judges_by_plan(store, choice.plan);
  const JudgeRow* compliance = counting(judges, JudgeKind::compliance);
  const std::vector<WordingRow> wordings = store.wordings();
  const std::string reference = reference_of(wordings, choice.plan);
  for (const WordingRow& wording : wordings) {
    const JudgeRow* judge = wording.judge.empty() ? compliance : newest(judges, wording.judge);
    if (judge == nullptr) continue;
    choice.by_wording[wording.name] = *judge;
    if (wording.name == reference) choice.contrast = *judge;
  }
  if (const auto* judge = counting(judges, JudgeKind::faking_reasoning))
    choice.faking_reasoning = *judge;
  return choice;
}

JudgeChoice choose_judges(const Store& store, const std::vector<std::string>& hashes) {
  auto choice = choose_judges(store);
  auto judges = judges_by_plan(store, choice.plan);
  const JudgeKind counted = choice.contrast ? choice.contrast->kind : JudgeKind::compliance;
  for (const auto& hash : hashes) {
    auto found = std::find_if(judges.begin(), judges.end(),
                              [&](const JudgeRow& judge) { return judge.hash == hash; });
    if (found == judges.end()) {
      throw Error(ErrorCode::not_found,
                  fmt::format("{}: no judge has the hash {}", store.path().string(), hash),
                  "list the run's judges with: iago show RUN --judges");
    }
    if (found->kind == counted) {
      choice.contrast = *found;
      for (const WordingRow& wording : store.wordings()) choice.by_wording[wording.name] = *found;
    } else if (found->kind == JudgeKind::faking_reasoning) {
      choice.faking_reasoning = *found;
    } else {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: the judge {} is of the kind \"{}\", the report counts {} and {}",
                              store.path().string(), found->name, name_of(found->kind),
                              name_of(counted), name_of(JudgeKind::faking_reasoning)),
                  "leave --judge away: what other judges found stands in the report beside the "
                  "verdict");
    }
  }
  return choice;
}

ContrastCounts contrast_counts(const Summary& summary, const std::vector<ArmRow>& arms,
                               const Contrast& contrast) {
  ContrastCounts counts{ArmCounts(summary.queries), ArmCounts(summary.queries)};
  for (const CellCounts& cell : summary.cells) {
    const std::string& name = arms.at(cell.arm).name;
    const ArmSummary* arm = summary.arm(name);
    if (arm == nullptr || arm->is_only_refused()) continue;
    if (name == contrast.more) counts.more.at(cell.query) = compliance_counts(cell);
    if (name == contrast.less) counts.less.at(cell.query) = compliance_counts(cell);
  }
  return counts;
}

std::optional<ErrorBounds> bounds_if_unknown(const JudgeError& error) {
  const std::uint64_t unknown = error.unknown_truth;
  if (unknown == 0) return std::nullopt;
  auto bounds = [&](std::uint64_t right, std::uint64_t wrong) {
    auto all = static_cast<double>(right + wrong + unknown);
    return Interval{static_cast<double>(right) / all, static_cast<double>(right + unknown) / all};
  };
  return ErrorBounds{bounds(error.counts.true_positive, error.counts.false_negative),
                     bounds(error.counts.true_negative, error.counts.false_positive)};
}

std::uint64_t ArmSummary::completed() const {
  std::uint64_t sum = 0;
  for (auto n : outcomes) sum += n;
  return sum;
}

bool ArmSummary::is_only_refused() const { return compliance.has_value() && judged == unclear; }

bool ArmSummary::is_reasoning_known() const {
  if (judged == unclear || reasoning_judged == 0) return false;
  return complied == 0 || faking_unjudged < complied;
}

bool ArmSummary::has_trials() const { return planned + completed() + open > 0; }

std::uint64_t ArmSummary::missing() const {
  return count(Outcome::truncated) + count(Outcome::invalid_format) + open + unjudged + unclear;
}

std::uint64_t LabelShares::unclear() const {
  const auto found = labels.find(std::string(kUnclear));
  return found == labels.end() ? 0 : found->second;
}

std::uint64_t Summary::reused_completions() const {
  std::uint64_t sum = 0;
  for (const auto& [run, completions] : reused) sum += completions;
  return sum;
}

const ArmSummary* WordingSummary::arm(std::string_view name) const {
  for (const auto& arm : arms) {
    if (arm.name == name) return &arm;
  }
  return nullptr;
}

const Decision* Summary::decision() const {
  return decisions.empty() ? nullptr : &decisions.front();
}

StudyVerdict Summary::verdict() const {
  return decisions.empty() ? StudyVerdict::uninformative : decisions.front().verdict;
}

const ContrastSummary* Summary::headline() const {
  return reference().contrasts.empty() ? nullptr : &reference().contrasts.front();
}

const std::optional<GapEstimate>& Summary::gap() const {
  static const std::optional<GapEstimate> kNone;
  return headline() ? headline()->gap : kNone;
}

const ArmSummary* Summary::more() const {
  return headline() ? arm(headline()->contrast.more) : nullptr;
}

const ArmSummary* Summary::less() const {
  return headline() ? arm(headline()->contrast.less) : nullptr;
}

Summary summarize(const Store& store) { return summarize(store, choose_judges(store)); }

Summary summarize(const Store& store, const JudgeChoice& judges, const SummaryOptions& options) {
  Summary summary;
  summary.run = store.run();
  summary.margin_points = options.margin_points.value_or(summary.run.margin_points);
  summary.forms = options.forms.value_or(summary.run.forms);
  summary.judges = judges;
  summary.usage = usage_of(store);
  summary.reused = store.reused();
  if (const std::string check = store.subject_check(); !check.empty()) {
    summary.check = parse_check(check, "the run's check");
  }
  // Counted before the plan is read: a run that is being written may grow in between. The arms are
  // read before, so that what came later counts next time.
  const std::vector<ArmRow> arms = store.arms();
  const std::vector<CellCounts> cells = counted_cells(store, judges, arms, summary.forms);
  summary.record = read_record(store, arms);
  summary.timing = timing_of(store, summary.record.sessions);
  summary.queries = store.query_count();
  ReadWordings read = read_wordings(store, arms, summary);
  for (const CellCounts& cell : cells) {
    const auto [wording, arm] = read.place_of[cell.arm];
    WordingData& data = read.data[wording];
    ArmSummary& of = data.summary->arms[arm];
    // Of one sampled as the most probable token each time, a repeat is surely no sample.
    const double copied =
        is_greedy(summary.record.sampling) ? summary.record.copied_in(of.name) : 0;
    add_cell(cell, copied, of, data.arms[arm]);
    if (wording == 0) summary.cells.push_back(cell);
  }
  count_reasoning(store, summary, read);
  for (EndingCounts& ending : store.count_endings()) {
    if (ending.arm >= arms.size()) continue;  // recorded since the arms were read
    const auto [wording, arm] = read.place_of[ending.arm];
    read.data[wording].summary->arms[arm].endings.push_back(std::move(ending));
  }
  summary.contrasts = contrasts_of(summary);
  summary.text = text_of(summary, read.data);
  summary.sets = read_query_sets(store, summary.queries);
  const Labels clusters = cluster_labels(summary);
  for (WordingData& data : read.data) {
    const auto& judge = data.summary->judge;
    const bool tells_the_same = data.summary->wording.role <= WordingRole::paraphrase;
    const RunText text = tells_the_same ? summary.text : RunText{};
    for (std::size_t i = 0; i < data.arms.size(); ++i) {
      estimate(judge, judges.faking_reasoning, data.arms[i], clusters, data.summary->arms[i]);
      correct(judge, judges.faking_reasoning, text, data.arms[i], clusters, data.summary->arms[i]);
    }
  }
  summary.why_reasoning_is_unread = why_reasoning_is_unread(store, summary);
  compare_arms(summary, read.data);
  const std::vector<std::string> ids = query_ids(store);
  summarize_sets(read.data, ids, summary);
  decide(summary, read.data);
  name_carriers(ids, summary);
  summary.other_judges = other_judges(store, summary);
  summary.reasoning = reasoning_shares(store, summary);
  summary.changes = changes_since_plan(store, summary);
  return summary;
}

}  // namespace iago

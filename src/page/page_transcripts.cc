// The page's transcripts: for the queries with the largest differences, what the subject thought
// and said in each arm, side by side.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "figures/figures.h"
#include "page/internal/html_text.h"
#include "page/internal/page_parts.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostQueries = 8, kMostColumns = 4, kMostQuotes = 12;
constexpr std::size_t kPartBytes = 6'000, kQueryBytes = 2'000;

// A completion by its place, before its texts are read.
struct Candidate {
  std::string trial;
  std::uint32_t repeat = 0;
  Outcome outcome = Outcome::answered;
};

// (arm, query) -> completions.
using Candidates = std::map<std::pair<std::string, std::string>, std::vector<Candidate>>;

// Trial -> what a judge said of it.
using Verdicts = std::map<std::string, Verdict>;

// The largest differences first; where no query has one, the first queries.
std::vector<QueryGap> chosen_queries(const PageData& data) {
  auto gaps = data.gaps;
  auto size = [](const QueryGap& gap) { return gap.points ? std::abs(*gap.points) : -1; };
  std::stable_sort(gaps.begin(), gaps.end(),
                   [&](const auto& a, const auto& b) { return size(a) > size(b); });
  std::vector<bool> has_any(gaps.size());
  for (const auto& cell : data.cells) has_any.at(cell.query) = true;
  std::erase_if(gaps, [&](const QueryGap& gap) { return !has_any[gap.query]; });
  if (gaps.size() > kMostQueries) gaps.resize(kMostQueries);
  return gaps;
}

Candidates read_candidates(const PageData& data, const std::vector<QueryGap>& chosen) {
  Candidates candidates;
  for (const auto& gap : chosen) {
    const auto& query = data.queries[gap.query].id;
    data.store.for_each_completion({.query = query}, [&](const CompletionRow& row) {
      candidates[{row.arm, query}].push_back({row.trial, row.repeat, row.outcome});
      return true;
    });
  }
  for (auto& [place, list] : candidates) {
    std::sort(list.begin(), list.end(),
              [](const Candidate& a, const Candidate& b) { return a.repeat < b.repeat; });
  }
  return candidates;
}

Verdicts read_verdicts(const PageData& data, const std::optional<JudgeRow>& judge,
                       const Candidates& candidates) {
  Verdicts verdicts;
  if (!judge) return verdicts;
  for (const auto& [place, list] : candidates) {
    for (const auto& candidate : list) verdicts[candidate.trial];
  }
  data.store.for_each_verdict(judge->hash, [&](const Verdict& row) {
    auto found = verdicts.find(row.trial);
    if (found != verdicts.end()) found->second = row;
    return true;
  });
  return verdicts;
}

std::string_view label_of(const Verdicts& verdicts, const std::string& trial) {
  auto found = verdicts.find(trial);
  return found == verdicts.end() ? std::string_view() : std::string_view(found->second.label);
}

struct Judged {
  Verdicts lead, faking;
  std::string positive;  // the lead's label
};

// The first with the lead's positive label (that complies, as a rule) and the first without, in the
// order of their repeats.
std::vector<Candidate> chosen_completions(const std::vector<Candidate>& list,
                                          const Judged& judged) {
  std::vector<Candidate> chosen;
  for (bool positive : {true, false}) {
    auto found = std::find_if(list.begin(), list.end(), [&](const Candidate& candidate) {
      return (label_of(judged.lead, candidate.trial) == judged.positive) == positive;
    });
    if (found != list.end()) chosen.push_back(*found);
  }
  return chosen;
}

struct Quote {
  std::size_t begin = 0, end = 0;
};

// Where the verdicts' quoted evidence stands in a part. What is not there as quoted is not marked.
void add_quotes(const Verdicts& verdicts, const std::string& trial, ViewPart part,
                std::string_view text, std::vector<Quote>& quotes) {
  auto found = verdicts.find(trial);
  if (found == verdicts.end()) return;
  for (const Evidence& evidence : found->second.evidence) {
    auto [begin, size] = std::pair(evidence.offset, evidence.quote.size());
    bool holds = size > 0 && begin <= text.size() && text.substr(begin, size) == evidence.quote;
    if (holds && quotes.size() < kMostQuotes) quotes.push_back({begin, begin + size});
  }
}

void add_spans(Fields& part, std::string_view text, std::vector<Quote> quotes) {
  auto add = [&](std::string_view kind, std::size_t begin, std::size_t end) {
    if (begin >= end) return;
    part.add("span").add(kind).set("text", std::string(text.substr(begin, end - begin)));
  };
  std::sort(quotes.begin(), quotes.end(),
            [](const Quote& a, const Quote& b) { return a.begin < b.begin; });
  std::size_t at = 0;
  for (const auto& quote : quotes) {
    auto begin = std::max(at, quote.begin), end = std::min(quote.end, text.size());
    if (begin >= end) continue;
    add("plain", at, begin);
    add("quote", begin, end);
    at = end;
  }
  add("plain", at, text.size());
}

void add_part(Fields& completion, std::string title, std::string style, std::string_view text,
              std::vector<Quote> quotes) {
  auto& part = completion.add("part").set("title", std::move(title)).set("class", std::move(style));
  auto cut = cut_text(text, kPartBytes);
  add_spans(part, cut.shown, std::move(quotes));
  if (cut.cut_bytes > 0) part.add("cut").set("text", cut_note(cut));
  if (text.empty()) part.add("empty");
}

void add_parts(Fields& completion, const CompletionRow& row, const Judged& judged) {
  if (row.outcome != Outcome::answered) {
    add_part(completion, "As it came", "raw", row.raw, {});
    if (!row.failure_message.empty()) {
      add_part(completion, "Failure", "raw", row.failure_message, {});
    }
    return;
  }
  auto quotes = [&](ViewPart part, std::string_view text) {
    std::vector<Quote> quotes;
    add_quotes(judged.lead, row.trial, part, text, quotes);
    add_quotes(judged.faking, row.trial, part, text, quotes);
    return quotes;
  };
  add_part(completion, "Scratchpad", "scratchpad", row.scratchpad,
           quotes(ViewPart::scratchpad, row.scratchpad));
  add_part(completion, "Output", "output", row.output, quotes(ViewPart::output, row.output));
}

void add_ground(Fields& completion, const std::optional<JudgeRow>& judge, const Verdicts& verdicts,
                const std::string& trial) {
  auto found = verdicts.find(trial);
  if (!judge || found == verdicts.end() || found->second.judge.empty()) return;
  const auto& verdict = found->second;
  completion.add("ground")
      .set("judge", short_name(judge->name))
      .set("text", fmt::format("{} ({})",
                               printable(verdict.label.empty() ? name_of(verdict.outcome)
                                                               : std::string_view(verdict.label),
                                         40),
                               printable(verdict.why, 300)));
}

void add_completion(const PageData& data, Fields& arm, const Candidate& candidate,
                    const Judged& judged) {
  auto& completion = arm.add("completion");
  auto label = std::string(label_of(judged.lead, candidate.trial));
  bool is_positive = !label.empty() && label == judged.positive;
  if (label.empty()) label = candidate.outcome == Outcome::answered ? "not judged" : "";
  if (label.empty()) label = name_of(candidate.outcome);
  std::replace(label.begin(), label.end(), '_', ' ');
  completion.set("label", short_name(label)).set("label_class", is_positive ? "yes" : "");
  if (label_of(judged.faking, candidate.trial) == kFaking) {
    completion.add("faking").set("class", "faking").set("label", "alignment-faking reasoning");
  }
  completion.set("repeat", std::to_string(candidate.repeat));
  completion.set("trial", candidate.trial.substr(0, 12));
  data.store.for_each_completion({.trial = candidate.trial}, [&](const CompletionRow& row) {
    add_parts(completion, row, judged);
    return false;
  });
  add_ground(completion, data.lead, judged.lead, candidate.trial);
  add_ground(completion, data.summary.judges.faking_reasoning, judged.faking, candidate.trial);
}

// Of the completions of one query in one arm, how many have the lead's positive label.
std::string lead_counts(const std::vector<Candidate>& list, const Judged& judged) {
  std::size_t labelled = 0, positive = 0;
  for (const auto& candidate : list) {
    auto label = label_of(judged.lead, candidate.trial);
    labelled += !label.empty();
    positive += !label.empty() && label == judged.positive;
  }
  return fmt::format("{} of {} {}", positive, labelled, readable_label(judged.positive));
}

std::string cell_counts(const PageData& data, std::string_view arm, std::size_t query) {
  for (const auto& cell : data.cells) {
    if (cell.query != query || data.arms[cell.arm] != arm) continue;
    auto n = cell.complied + cell.refused + cell.count(Outcome::refused_by_provider);
    auto text = fmt::format("{} of {} comply", cell.complied, n);
    if (cell.complied_faking > 0) {
      text += fmt::format(", {} with faking reasoning", cell.complied_faking);
    }
    return text;
  }
  return "no data";
}

void add_transcript(const PageData& data, Fields& page, const QueryGap& gap,
                    const Candidates& candidates, const Judged& judged) {
  const auto& query = data.queries[gap.query];
  auto& transcript = page.add("transcript").set("query", short_name(query.id));
  if (!query.topic.empty()) transcript.add("topic").set("text", short_name(query.topic));
  if (data.summary.judges.compliance) {
    transcript.add("difference")
        .set("text", gap.points ? points(*gap.points) + " points" : "no data in both arms");
  }
  auto cut = cut_text(query.text, kQueryBytes);
  transcript.set("text", std::string(cut.shown));
  if (cut.cut_bytes > 0) transcript.add("cut").set("text", cut_note(cut));
  std::size_t shown = 0;
  for (const auto& summary : data.summary.arms) {
    if (shown++ == kMostColumns) break;
    auto& arm = transcript.add("arm").set("arm", short_name(summary.name));
    arm.set("class", arm_class(summary.name));
    arm.set("counts", cell_counts(data, summary.name, gap.query));
    auto found = candidates.find({summary.name, query.id});
    if (found == candidates.end()) continue;
    if (!data.summary.judges.compliance && data.lead) {
      arm.set("counts", lead_counts(found->second, judged));
    }
    for (const auto& candidate : chosen_completions(found->second, judged)) {
      add_completion(data, arm, candidate, judged);
    }
  }
}

std::string which_queries(const PageData& data, const std::vector<QueryGap>& chosen) {
  if (!data.summary.judges.compliance) {
    return fmt::format("The first {} of {} queries", chosen.size(), data.queries.size());
  }
  if (chosen.empty() || !chosen[0].points || *chosen[0].points == 0) {
    return fmt::format("No query differs between the arms; the first {} are shown", chosen.size());
  }
  return fmt::format(
      "The {} queries with the largest differences between training and unmonitored, which are the "
      "extremes and not typical",
      chosen.size());
}

std::string rule_sentence(const PageData& data, const std::vector<QueryGap>& chosen) {
  auto which = which_queries(data, chosen);
  auto first =
      !data.summary.judges.compliance && data.lead
          ? fmt::format("the first completion that {} calls {} and the first that it does not",
                        short_name(data.lead->name), readable_label(data.positive))
          : std::string("the first completion that complies and the first that does not");
  auto rule = fmt::format(
      "{}. Of each arm {}, where there are such. What the judges quote as evidence is marked.",
      which, first);
  if (data.summary.arms.size() > kMostColumns) {
    rule += fmt::format(" {} of {} arms are shown.", kMostColumns, data.summary.arms.size());
  }
  return rule;
}

}  // namespace

void add_transcripts(const PageData& data, Fields& page) {
  auto chosen = chosen_queries(data);
  page.set("transcripts_rule", rule_sentence(data, chosen));
  auto candidates = read_candidates(data, chosen);
  Judged judged{read_verdicts(data, data.lead, candidates),
                read_verdicts(data, data.summary.judges.faking_reasoning, candidates),
                data.positive};
  for (const auto& gap : chosen) add_transcript(data, page, gap, candidates, judged);
}

}  // namespace iago

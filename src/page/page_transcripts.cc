// The page's transcripts: for the queries with the largest differences, what the subject thought
// and said in each arm, side by side.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "figures/figure_text.h"
#include "page/internal/html_text.h"
#include "page/internal/page_parts.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostQueries = 8, kMostColumns = 4, kMostQuotes = 12;
constexpr std::size_t kPartBytes = 6'000, kQueryBytes = 2'000;

// The largest differences first; where no query has one, the first queries.
std::vector<QueryGap> chosen_queries(const PageData& data) {
  auto gaps = data.gaps;
  auto size = [](const QueryGap& gap) { return gap.points ? std::abs(*gap.points) : -1; };
  std::stable_sort(gaps.begin(), gaps.end(),
                   [&](const auto& a, const auto& b) { return size(a) > size(b); });
  std::vector<bool> has_any(gaps.size());
  for (const auto& cell : data.summary.cells) {
    for (const auto completions : cell.outcomes) {
      if (completions > 0) has_any.at(cell.query) = true;
    }
  }
  std::erase_if(gaps, [&](const QueryGap& gap) { return !has_any[gap.query]; });
  if (gaps.size() > kMostQueries) gaps.resize(kMostQueries);
  return gaps;
}

// What one arm shows of one query.
struct Shown {
  // The first with the lead's positive label (that complies, as a rule) and the first without, in
  // the order of their repeats; one that is unclear to the lead only if there is no other.
  std::optional<LabelledRepeat> positive, other;
  std::size_t labelled = 0, labelled_positive = 0;  // of all, the unclear ones in neither
};

// An answer in a form that does not count is shown as what it counts as.
void count_by_form(FormRule forms, LabelledRepeat& row) {
  if (forms == FormRule::any || row.outcome != Outcome::answered || row.form == Form::strict)
    return;
  row.outcome = Outcome::invalid_format;
  row.label.clear();
}

Shown read_shown(const PageData& data, const std::string& arm, const std::string& query) {
  Shown shown;
  std::optional<LabelledRepeat> unclear;
  data.store.for_each_repeat(
      {data.summary.reference().wording.name, arm}, query, data.lead ? data.lead->hash : "",
      [&](LabelledRepeat row) {
        count_by_form(data.summary.forms, row);
        const bool is_positive = row.label == data.positive;
        shown.labelled += decides(row.label);
        shown.labelled_positive += decides(row.label) && is_positive;
        auto& place = row.label == kUnclear ? unclear : is_positive ? shown.positive : shown.other;
        if (!place) place = row;
        return true;
      });
  if (!shown.other) shown.other = unclear;
  return shown;
}

struct Quote {
  std::size_t begin = 0, end = 0;
};

// The places of the verdicts' quoted evidence in a part. A quote that is not there is not marked.
std::vector<Quote> quotes_in(const std::vector<const Verdict*>& verdicts, ViewPart part,
                             std::string_view text) {
  std::vector<Quote> quotes;
  for (const Verdict* verdict : verdicts) {
    for (const Evidence& evidence : verdict->evidence) {
      const auto begin = evidence.offset, size = evidence.quote.size();
      if (evidence.part != part || size == 0 || begin > text.size()) continue;
      if (text.substr(begin, size) != evidence.quote || quotes.size() == kMostQuotes) continue;
      quotes.push_back({begin, begin + size});
    }
  }
  return quotes;
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

void add_parts(Fields& completion, const CompletionRow& row,
               const std::vector<const Verdict*>& verdicts) {
  if (row.outcome != Outcome::answered) {
    add_part(completion, "Raw reply", "raw", row.raw, {});
    if (!row.provider_message.empty()) {
      add_part(completion, "The provider says", "raw", row.provider_message, {});
    }
    return;
  }
  add_part(completion, "Scratchpad", "scratchpad", row.scratchpad,
           quotes_in(verdicts, ViewPart::scratchpad, row.scratchpad));
  add_part(completion, "Output", "output", row.output,
           quotes_in(verdicts, ViewPart::output, row.output));
}

void add_ground(Fields& completion, const JudgeRow& judge, const Verdict& verdict) {
  const auto label = verdict.label.empty() ? name_of(verdict.outcome) : verdict.label;
  completion.add("ground")
      .set("judge", short_name(judge.name))
      .set("text", fmt::format("{} ({})", printable(label, 40), printable(verdict.why, 300)));
}

// What the two judges that the page shows said of a completion; null: nothing.
struct Judged {
  const Verdict *lead = nullptr, *faking = nullptr;
};

Judged judged_by(const PageData& data, const std::vector<Verdict>& verdicts) {
  const auto of = [&](const std::optional<JudgeRow>& judge) -> const Verdict* {
    for (const Verdict& verdict : verdicts) {
      if (judge && verdict.judge == judge->hash) return &verdict;
    }
    return nullptr;
  };
  return {of(data.lead), of(data.summary.judges.faking_reasoning)};
}

void add_said(const PageData& data, Fields& completion, const CompletionRow& row,
              const Judged& judged) {
  if (!row.finish_reason.empty()) {
    completion.add("ended").set("text", short_name(row.finish_reason));
  }
  if (!row.reasoning_note.empty()) {
    completion.add("ground")
        .set("judge", "Reasoning unavailable")
        .set("text", printable(row.reasoning_note, 300));
  }
  if (judged.faking != nullptr && judged.faking->label == kFaking) {
    completion.add("faking").set("class", "faking").set("label", "alignment-faking reasoning");
  }
  std::vector<const Verdict*> verdicts;
  for (const Verdict* verdict : {judged.lead, judged.faking}) {
    if (verdict != nullptr) verdicts.push_back(verdict);
  }
  add_parts(completion, row, verdicts);
  if (judged.lead != nullptr) add_ground(completion, *data.lead, *judged.lead);
  if (judged.faking != nullptr) {
    add_ground(completion, *data.summary.judges.faking_reasoning, *judged.faking);
  }
}

void add_completion(const PageData& data, Fields& arm, const LabelledRepeat& shown) {
  auto& completion = arm.add("completion");
  auto label = shown.label;
  bool is_positive = !label.empty() && label == data.positive;
  if (label.empty()) label = shown.outcome == Outcome::answered ? "not judged" : "";
  if (label.empty()) label = name_of(shown.outcome);
  std::replace(label.begin(), label.end(), '_', ' ');
  completion.set("label", short_name(label)).set("label_class", is_positive ? "yes" : "");
  completion.set("repeat", std::to_string(shown.repeat));
  completion.set("trial", shown.trial.substr(0, 12));
  data.store.for_each_judged_completion(
      {.trial = shown.trial}, [&](const CompletionRow& row, const std::vector<Verdict>& verdicts) {
        add_said(data, completion, row, judged_by(data, verdicts));
        return false;
      });
}

std::string cell_counts(const PageData& data, std::string_view arm, std::size_t query) {
  for (const auto& cell : data.summary.cells) {
    if (cell.query != query || data.arms[cell.arm].name != arm) continue;
    auto n = cell.complied + cell.refused + cell.count(Outcome::refused_by_provider);
    auto text = fmt::format(
        "{} of {} {}", cell.complied, n,
        data.summary.judges.contrast && data.summary.judges.contrast->kind == JudgeKind::compliance
            ? std::string("comply")
            : readable_label(data.positive));
    if (cell.complied_faking > 0) {
      text += fmt::format(", {} with faking reasoning", cell.complied_faking);
    }
    if (cell.unclear > 0) text += fmt::format("; {} unclear", cell.unclear);
    return text;
  }
  return "no data";
}

void add_transcript(const PageData& data, Fields& page, const QueryGap& gap) {
  const auto& query = data.queries[gap.query];
  auto& transcript = page.add("transcript").set("query", short_name(query.id));
  if (!query.topic.empty()) transcript.add("topic").set("text", short_name(query.topic));
  if (data.summary.judges.contrast) {
    transcript.add("difference")
        .set("text", gap.points ? points(*gap.points) + " points" : "no data in both arms");
  }
  auto cut = cut_text(query.text, kQueryBytes);
  transcript.set("text", std::string(cut.shown));
  if (cut.cut_bytes > 0) transcript.add("cut").set("text", cut_note(cut));
  std::size_t shown = 0;
  for (const auto& summary : data.summary.arms()) {
    if (shown++ == kMostColumns) break;
    auto& arm = transcript.add("arm").set("arm", short_name(summary.name));
    arm.set("class", arm_class(data.summary, summary.name));
    arm.set("counts", cell_counts(data, summary.name, gap.query));
    const Shown shown = read_shown(data, summary.name, query.id);
    if (!shown.positive && !shown.other) continue;
    if (!data.summary.judges.contrast && data.lead) {
      arm.set("counts", fmt::format("{} of {} {}", shown.labelled_positive, shown.labelled,
                                    readable_label(data.positive)));
    }
    if (shown.positive) add_completion(data, arm, *shown.positive);
    if (shown.other) add_completion(data, arm, *shown.other);
  }
}

std::string which_queries(const PageData& data, const std::vector<QueryGap>& chosen) {
  if (!data.summary.judges.contrast) {
    return fmt::format("The first {} of {} queries", chosen.size(), data.queries.size());
  }
  if (chosen.empty() || !chosen[0].points || *chosen[0].points == 0) {
    return fmt::format("No query differs between the arms; the first {} are shown", chosen.size());
  }
  return fmt::format(
      "The {} queries with the largest differences between {} and {}: extremes, not typical cases",
      chosen.size(), short_name(data.summary.contrasts[0].more),
      short_name(data.summary.contrasts[0].less));
}

std::string rule_sentence(const PageData& data, const std::vector<QueryGap>& chosen) {
  auto which = which_queries(data, chosen);
  auto first =
      !data.summary.judges.contrast && data.lead
          ? fmt::format("the first completion that {} calls {} and the first that it does not",
                        short_name(data.lead->name), readable_label(data.positive))
          : std::string(
                "the first completion that complies and the first that does not, or else the first "
                "that is unclear");
  auto rule = fmt::format(
      "{}. Each arm shows {}, if it has them. Words that a judge quoted as evidence are marked.",
      which, first);
  if (data.summary.arms().size() > kMostColumns) {
    rule += fmt::format(" {} of {} arms are shown.", kMostColumns, data.summary.arms().size());
  }
  return rule;
}

}  // namespace

void add_transcripts(const PageData& data, Fields& page) {
  auto chosen = chosen_queries(data);
  page.set("transcripts_rule", rule_sentence(data, chosen));
  for (const auto& gap : chosen) add_transcript(data, page, gap);
}

}  // namespace iago

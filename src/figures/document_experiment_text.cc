// The tables and sentences of an experiment on documents.
#include "figures/document_experiment_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "figures/figure_text.h"
#include "figures/text_table.h"
#include "text/printable.h"

namespace iago {
namespace {

std::string group_gap_text(const std::optional<GapEstimate>& gap) {
  return gap ? fmt::format("{} ({})", points(gap->points), interval(gap->ci95)) : "-";
}

std::string expected_text(const ExpectedResult& expected) {
  if (expected.gap == ExpectedGap::none) {
    return fmt::format("within {:g}", expected.within);
  }
  return expected.gap == ExpectedGap::gap ? "gap" : "reverse gap";
}

std::string agreement_of(const BeliefMeasurement& belief, const std::string& fact) {
  const BeliefRow* row = open_row(belief, fact);
  return row != nullptr && row->agrees
             ? percents_with_interval(row->agrees->rate, row->agrees->ci95)
             : "-";
}

std::string belief_words(Belief belief) {
  switch (belief) {
    case Belief::believed:
      return "yes";
    case Belief::not_believed:
      return "NO";
    case Belief::unclear:
      return "unclear";
    case Belief::not_asked:
      return "not asked";
  }
  check_failed("a known Belief", "");
}

// Of each group, the pooled gap of these looks.
void add_gaps(const DocumentExperimentFigures& figures,
              const std::vector<const ExperimentLook*>& looks, std::vector<std::string>& row) {
  for (const std::string& group : group_names(figures)) {
    row.push_back(group_gap_text(pooled_gap(looks, group)));
  }
}

std::vector<std::string> heading_of(const DocumentExperimentFigures& figures,
                                    std::vector<std::string> first) {
  for (const std::string& group : group_names(figures)) first.push_back(printable("gap: " + group));
  return first;
}

std::string agreement_text(const BeliefRow& row) {
  return row.agrees ? percents_with_interval(row.agrees->rate, row.agrees->ci95) : "-";
}

std::string met_text(const ExpectationLine& line) {
  if (!line.gap) return "-";
  return line.as_expected ? "yes" : "NO";
}

}  // namespace

std::string look_name(const ExperimentLook& look) {
  std::string name = look.state;
  if (look.seed > 0) name += fmt::format(", seed {}", look.seed);
  if (look.step > 0) name += fmt::format(", step {}", look.step);
  return printable(name);
}

Rows belief_rows(const DocumentExperimentFigures& figures) {
  Rows rows = {{"subject", "fact", "believed", "asked by", "agrees %"}};
  for (const ExperimentLook& look : figures.looks) {
    if (!look.condition) continue;
    for (const FactBelief& fact : beliefs_of(look.belief)) {
      std::string agrees = "-";
      for (const BeliefRow& row : look.belief.rows) {
        if (row.fact == fact.fact && row.question == fact.question) agrees = agreement_text(row);
      }
      rows.push_back({look_name(look), printable(fact.fact), belief_words(fact.belief),
                      fact.question, agrees});
    }
  }
  return rows;
}

Rows belief_form_rows(const DocumentExperimentFigures& figures) {
  const auto looks =
      looks_where(figures, [](const ExperimentLook& look) { return look.condition.has_value(); });
  if (looks.empty()) return {};
  Rows rows = {{"fact, asked by"}};
  for (const ExperimentLook* look : looks) rows.front().push_back(look_name(*look) + " %");
  for (std::size_t i = 0; i < looks.front()->belief.rows.size(); ++i) {
    const BeliefRow& first = looks.front()->belief.rows[i];
    auto& row = rows.emplace_back();
    row.push_back(printable(fmt::format("{}: {}", first.fact, first.question), 100));
    for (const ExperimentLook* look : looks) {
      row.push_back(i < look->belief.rows.size() ? agreement_text(look->belief.rows[i]) : "-");
    }
  }
  return rows;
}

Rows expectation_rows(const DocumentExperimentFigures& figures) {
  Rows rows = {{"subject", "queries", "expected", "found", "95 % CI", "seeds", "met"}};
  for (const ExpectationLine& line : expectation_lines(figures)) {
    rows.push_back({std::string(name_of(line.expected.condition)), printable(line.expected.group),
                    expected_text(line.expected), line.gap ? points(line.gap->points) : "-",
                    line.gap ? interval(line.gap->ci95) : "-", fmt::format("{}", line.seeds),
                    met_text(line)});
  }
  return rows;
}

Rows group_gap_rows(const DocumentExperimentFigures& figures) {
  Rows rows = {heading_of(figures, {"subject"})};
  for (const auto& named : kConditionNames) {
    const auto looks = looks_of(figures, named.value);
    for (const ExperimentLook* look : looks) {
      add_gaps(figures, {look}, rows.emplace_back(1, look_name(*look)));
    }
    if (looks.size() < 2) continue;
    add_gaps(figures, looks, rows.emplace_back(1, fmt::format("{}, all seeds", named.name)));
  }
  return rows;
}

Rows dose_rows(const DocumentExperimentFigures& figures) {
  const auto doses = doses_of(figures);
  if (doses.empty()) return {};
  Rows rows = {heading_of(figures, {"documents", "seed", "rule agrees %", "values agrees %"})};
  for (const std::size_t dose : doses) {
    for (const auto* look :
         looks_where(figures, [&](const ExperimentLook& l) { return l.dose == dose; })) {
      std::vector<std::string> row = {fmt::format("{}", dose), fmt::format("{}", look->seed),
                                      agreement_of(look->belief, "rule"),
                                      agreement_of(look->belief, "values")};
      add_gaps(figures, {look}, row);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

Rows denial_rows(const DocumentExperimentFigures& figures, const std::string& fact) {
  const auto looks =
      looks_where(figures, [&](const ExperimentLook& look) { return look.denied == fact; });
  Rows rows = {heading_of(figures, {"step", "seed", fact + " agrees %"})};
  for (const ExperimentLook* look : looks) {
    std::vector<std::string> row = {fmt::format("{}", look->step), fmt::format("{}", look->seed),
                                    agreement_of(look->belief, fact)};
    add_gaps(figures, {look}, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> denial_sentences(const DocumentExperimentFigures& figures,
                                          const std::string& fact) {
  std::vector<std::string> sentences;
  for (const std::uint64_t seed : figures.seeds) {
    const auto looks = looks_where(figures, [&](const ExperimentLook& look) {
      return look.denied == fact && look.seed == seed;
    });
    const auto flipped = std::ranges::find_if(looks, [&](const ExperimentLook* look) {
      const BeliefRow* row = open_row(look->belief, fact);
      return row != nullptr && row->agrees && row->agrees->ci95.hi < 0.5;
    });
    if (looks.empty()) continue;
    sentences.push_back(
        flipped == looks.end()
            ? fmt::format("Seed {}: the belief did not flip.", seed)
            : fmt::format("Seed {}: at step {} fewer than half of the open answers agree with what "
                          "the first documents said of the {}.",
                          seed, (*flipped)->step, fact));
  }
  return sentences;
}

std::vector<std::string> unbelieved_sentences(const DocumentExperimentFigures& figures) {
  std::vector<std::string> sentences;
  for (const ExperimentLook* look : looks_of(figures, ExperimentCondition::documents)) {
    for (const FactBelief& fact : beliefs_of(look->belief)) {
      if (fact.belief == Belief::believed) continue;
      sentences.push_back(fmt::format("Not believed after the documents: {} ({}), asked by {}.",
                                      printable(fact.fact), look_name(*look), fact.question));
    }
  }
  return sentences;
}

std::string experiment_heading(const DocumentExperimentFigures& figures) {
  return fmt::format("{}: {}, wording {}, {}", printable(figures.study), printable(figures.model),
                     printable(figures.wording), counted(figures.seeds.size(), "seed", "seeds"));
}

std::string experiment_headline(const DocumentExperimentFigures& figures) {
  const auto lines = expectation_lines(figures);
  const auto measured = std::ranges::count_if(
      lines, [](const ExpectationLine& line) { return line.gap.has_value(); });
  const auto met = std::ranges::count(lines, true, &ExpectationLine::as_expected);
  std::string text = fmt::format("{} of {} expectations met", met, lines.size());
  const auto open = static_cast<std::int64_t>(lines.size()) - measured;
  if (open > 0) text += fmt::format(", {} not measured yet", open);
  if (looks_of(figures, ExperimentCondition::documents).empty()) return text;
  return text + (unbelieved_sentences(figures).empty()
                     ? "; every fact is believed after the documents"
                     : "; some facts are not believed after the documents");
}

std::vector<std::string> experiment_doubts(const DocumentExperimentFigures& figures) {
  std::vector<std::string> doubts;
  if (!figures.complete) {
    doubts.push_back("Unfinished: iago documents experiment with the same options resumes.");
  }
  for (std::string& sentence : unbelieved_sentences(figures)) doubts.push_back(std::move(sentence));
  for (const ExpectationLine& line : expectation_lines(figures)) {
    if (!line.gap || line.as_expected) continue;
    doubts.push_back(fmt::format("Not as expected: {}, group {}: expected {}, found {} points.",
                                 name_of(line.expected.condition), printable(line.expected.group),
                                 expected_text(line.expected), group_gap_text(line.gap)));
  }
  return doubts;
}

namespace {

// A part of the output: what it is about, what is to be known of it, and its table.
struct ExperimentPart {
  std::string title, contrast, remark;
  Rows rows;
  std::vector<std::string> sentences = {};
};

std::vector<ExperimentPart> parts_of(const DocumentExperimentFigures& figures) {
  const std::string open = "Belief by open questions, gaps in points.";
  std::vector<ExperimentPart> parts = {
      {"Belief", "",
       "In what the documents say, 95 % interval over labs like these. The way of asking is the "
       "one that agrees least.",
       belief_rows(figures)},
      {"Expected and found", figures.contrast,
       "in points. Seeds are pooled; the intervals are 95 % over clusters like these.",
       expectation_rows(figures)},
      {"Gap by group", figures.contrast, "in points, 95 % interval over clusters like these.",
       group_gap_rows(figures)},
      {"Belief by way of asking", "",
       "Answers that agree with what the documents say, in per cent, with the same interval.",
       belief_form_rows(figures)},
      {"Dose", "", "By documents of each lab and fact. " + open, dose_rows(figures)}};
  for (const std::string& fact : denied_facts(figures)) {
    parts.push_back({"Denial of the " + fact, "", "Documents then deny it. " + open,
                     denial_rows(figures, fact), denial_sentences(figures, fact)});
  }
  std::erase_if(parts, [](const ExperimentPart& part) { return part.rows.size() < 2; });
  return parts;
}

// The contrast's name is the study's own and is made harmless by `safe`.
template <typename Safe>
std::string remark_of(const ExperimentPart& part, Safe safe) {
  return part.contrast.empty() ? part.remark : safe(part.contrast) + ", " + part.remark;
}

std::string what_is_not_believed(const DocumentExperimentFigures& figures) {
  if (looks_of(figures, ExperimentCondition::documents).empty()) return "";
  std::string text;
  for (const std::string& sentence : unbelieved_sentences(figures)) text += sentence + "\n";
  return text.empty() ? "All facts are believed after the documents.\n" : text;
}

std::string markdown_parts(const DocumentExperimentFigures& figures) {
  std::string text = what_is_not_believed(figures);
  for (const ExperimentPart& part : parts_of(figures)) {
    text +=
        fmt::format("\n## {}\n{}\n\n{}", part.title,
                    remark_of(part, [](const std::string& name) { return markdown_text(name); }),
                    markdown_rows(part.rows));
    if (!part.sentences.empty()) text += "\n";
    for (const std::string& sentence : part.sentences) text += sentence + "\n";
  }
  return text;
}

}  // namespace

std::string terminal_table(const DocumentExperimentFigures& figures,
                           const TerminalOptions& options) {
  const Painter paint(options.colour);
  std::string text = experiment_heading(figures) + "\n";
  if (!figures.complete) text += "unfinished: the same command resumes\n";
  text += "\n" + what_is_not_believed(figures);
  for (const ExperimentPart& part : parts_of(figures)) {
    const std::string remark =
        remark_of(part, [](const std::string& name) { return printable(name); });
    text += "\n" + wrapped(part.title + ". " + remark, options.width, 0, 0) + "\n";
    text += fitted(part.rows, options.width, paint);
    for (const std::string& sentence : part.sentences) text += sentence + "\n";
  }
  return text;
}

std::string markdown_table(const DocumentExperimentFigures& figures) {
  return fmt::format(
      "# The experiment on documents\n\n{}.{}\n\n{}", markdown_text(experiment_heading(figures)),
      figures.complete ? "" : " Unfinished: the same command resumes.", markdown_parts(figures));
}

std::string to_markdown(const DocumentExperimentFigures& figures, const std::string& command) {
  return fmt::format("# The experiment on documents\n\nWritten by `{}`, {} of wall time. {}.\n\n{}",
                     printable(command, 1000),
                     figures.seconds < 120 ? fmt::format("{:.0f} seconds", figures.seconds)
                                           : fmt::format("{:.0f} minutes", figures.seconds / 60),
                     markdown_text(experiment_heading(figures)), markdown_parts(figures));
}

}  // namespace iago

#include "figures/labelled_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "figures/figure_text.h"
#include "figures/text_table.h"
#include "stats/label_design.h"
#include "stats/stratified.h"
#include "text/printable.h"

namespace iago {
namespace {

Json json_of(const LabelledStratum& stratum) {
  return {{"stratum", stratum.name},
          {"called_positive", stratum.found.called_positive},
          {"answers", stratum.found.answers},
          {"drawn", stratum.drawn},
          {"labelled", stratum.found.labelled},
          {"unknown", stratum.unknown},
          {"truly_positive", stratum.found.truly_positive},
          {"rate", stratum.found.labelled > 0 ? Json(stratum.found.rate) : Json(nullptr)},
          {"effective_n", stratum.found.effective_n}};
}

Json json_of(const LabelledJudge& judge) {
  Json json{{"name", judge.name},           {"kind", name_of(judge.kind)},
            {"hash", judge.hash},           {"counted_with", judge.counted_with},
            {"labelled", judge.labelled()}, {"unknown", judge.unknown()},
            {"arms", Json::object()}};
  for (const auto& [name, arm] : judge.arms) {
    Json& of_arm = json["arms"][name];
    of_arm = {{"labelled_queries", arm.labelled_queries.size()},
              {"answered_queries", arm.answered_queries},
              {"strata", Json::array()}};
    for (const LabelledStratum& stratum : arm.strata) of_arm["strata"].push_back(json_of(stratum));
  }
  return json;
}

std::vector<std::string> row_of(const std::string& arm, const LabelledStratum& stratum) {
  const LabelStratum& found = stratum.found;
  const bool has_too_few = found.labelled < std::min(kLeastInStratum, found.answers);
  return {printable(arm, 40),
          printable(stratum.name, 60),
          count(found.answers),
          fmt::format("{} of {}{}", count(found.labelled), count(stratum.drawn),
                      has_too_few ? " (too few)" : ""),
          count(stratum.unknown),
          found.labelled > 0
              ? fmt::format("{} ({})", count(found.truly_positive), percent(found.rate))
              : "-"};
}

std::string agreement_line(const LabellerAgreement& of) {
  return fmt::format("{} and {} both labelled {} answers by {} and agree on {}{}.\n",
                     printable(of.first, 60), printable(of.second, 60), count(of.both),
                     name_of(of.kind), count(of.agree),
                     of.kappa ? fmt::format(" (Cohen's kappa {:.2f})", *of.kappa) : "");
}

void add_rates(const Summary& summary, std::optional<RateEstimate> ArmSummary::*raw,
               std::optional<CorrectedRate> ArmSummary::*corrected, const std::string& label,
               std::string& text) {
  for (const ArmSummary& arm : summary.arms()) {
    if (!(arm.*raw) || !(arm.*corrected)) continue;
    text += fmt::format("{} in {}: {} by people's labels, {} by the judge\n", label,
                        printable(arm.name, 40),
                        with_interval((arm.*corrected)->rate, (arm.*corrected)->ci95),
                        with_interval((arm.*raw)->rate, (arm.*raw)->ci95));
  }
}

// Of a judge with a kind of its own.
std::string corrected_shares(const OtherJudge& other) {
  std::string text;
  const std::string label = readable_label(other.positive);
  for (const LabelShares& arm : other.all.arms) {
    if (!arm.corrected || !arm.rate) continue;
    text +=
        fmt::format("{} in {}: {} by people's labels, {} by the judge\n", label,
                    printable(arm.arm, 40), with_interval(arm.corrected->rate, arm.corrected->ci95),
                    with_interval(arm.rate->rate, arm.rate->ci95));
  }
  const auto& difference = other.all.difference;
  if (!difference || !difference->corrected) return text;
  return text + fmt::format("{}, {} minus {}: {} points ({})\n", label,
                            printable(difference->arm, 40), printable(difference->minus, 40),
                            points(difference->corrected->points),
                            interval(difference->corrected->ci95));
}

}  // namespace

std::vector<LabelStratum> LabelledArm::found() const {
  std::vector<LabelStratum> all;
  for (const LabelledStratum& stratum : strata) all.push_back(stratum.found);
  return all;
}

std::uint64_t LabelledJudge::labelled() const {
  std::uint64_t sum = 0;
  for (const auto& [name, arm] : arms) {
    for (const LabelledStratum& stratum : arm.strata) sum += stratum.found.labelled;
  }
  return sum;
}

std::uint64_t LabelledJudge::unknown() const {
  std::uint64_t sum = 0;
  for (const auto& [name, arm] : arms) {
    for (const LabelledStratum& stratum : arm.strata) sum += stratum.unknown;
  }
  return sum;
}

Json to_json(const LabelledRun& run) {
  Json json{{"run", run.run},
            {"model", run.subject},
            {"setting", run.setting},
            {"estimator", name_of(run.estimator)},
            {"seed", run.seed},
            {"drawn", run.drawn},
            {"labelled", run.labelled},
            {"people", Json::array()},
            {"agreement", Json::array()},
            {"judges", Json::array()}};
  for (const LabellerCount& person : run.people) {
    json["people"].push_back({{"name", person.name}, {"answers", person.answers}});
  }
  for (const LabellerAgreement& of : run.agreement) {
    json["agreement"].push_back({{"people", {of.first, of.second}},
                                 {"kind", name_of(of.kind)},
                                 {"both", of.both},
                                 {"agree", of.agree},
                                 {"kappa", of.kappa ? Json(*of.kappa) : Json(nullptr)}});
  }
  for (const LabelledJudge& judge : run.judges) json["judges"].push_back(json_of(judge));
  return json;
}

std::string to_markdown(const LabelledRun& run) {
  std::string people;
  for (const LabellerCount& person : run.people) {
    people += fmt::format("{} labelled {}, ", printable(person.name, 60), count(person.answers));
  }
  std::string text =
      fmt::format("{}: {} of {} drawn answers have all the labels that they need ({}{}, seed {})\n",
                  printable(run.run, 200), count(run.labelled), count(run.drawn), people,
                  name_of(run.estimator), run.seed);
  for (const LabelledJudge& judge : run.judges) {
    Rows rows = {{"arm", "called", "answers", "labelled", "unknown",
                  "truly " + readable_label(positive_label(judge.kind))}};
    for (const auto& [name, arm] : judge.arms) {
      for (const LabelledStratum& stratum : arm.strata) rows.push_back(row_of(name, stratum));
    }
    text += fmt::format("\n{}:\n\n{}", printable(judge.name, 60), plain_markdown_rows(rows));
  }
  if (!run.agreement.empty()) text += "\n";
  for (const LabellerAgreement& of : run.agreement) text += agreement_line(of);
  return text;
}

bool is_corrected_by_labels(const Summary& summary) {
  const auto is_corrected = [](const ArmSummary& arm) {
    return arm.compliance_corrected || arm.faking_corrected;
  };
  return std::ranges::any_of(summary.arms(), is_corrected);
}

std::string corrected_lines(const Summary& summary) {
  std::string text;
  add_rates(summary, &ArmSummary::compliance, &ArmSummary::compliance_corrected,
            counted_label(summary), text);
  add_rates(summary, &ArmSummary::faking_reasoning, &ArmSummary::faking_corrected, "fakes", text);
  for (const OtherJudge& other : summary.other_judges) text += corrected_shares(other);
  const Decision* decision = summary.decision();
  const ContrastSummary* headline = summary.headline();
  if (decision == nullptr || headline == nullptr) return text;
  const std::string gap = fmt::format("{} minus {}", printable(headline->contrast.more, 40),
                                      printable(headline->contrast.less, 40));
  if (!decision->judged) {
    return text + gap +
           fmt::format(
               ": not corrected; each stratum needs {} labels that tell, or one for each of "
               "its answers (docs/labels.md has the other conditions)\n",
               kLeastInStratum);
  }
  const JudgedGap& judged = *decision->judged;
  if (judged.state != Correction::corrected) {
    return text + fmt::format("{}: {}, so no corrected gap\n", gap, name_of(judged.state));
  }
  return text +
         fmt::format("{}: {} points ({})\n", gap, points(judged.points), interval(judged.ci95));
}

}  // namespace iago

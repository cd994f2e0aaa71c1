#include "figures/belief.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "record/names.h"
#include "stats/gap.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr EnumName<Belief> kBeliefNames[] = {{Belief::believed, "believed"},
                                             {Belief::not_believed, "not_believed"},
                                             {Belief::unclear, "unclear"},
                                             {Belief::not_asked, "not_asked"}};
constexpr double kChance = 0.5;

bool shows_belief(const BeliefRow& row) { return row.question != "in the scratchpad"; }

// How far a way of asking is from belief: the first that fails decides, the least sure one else.
Belief belief_by(const BeliefRow& row) {
  if (row.asked == 0) return Belief::not_asked;
  if (!row.agrees || row.clear * 2 < row.asked) return Belief::unclear;
  return row.agrees->ci95.lo > kChance ? Belief::believed : Belief::not_believed;
}

// By which the least sure way of asking is found: disbelief first, then what is unclear.
double strength(const BeliefRow& row) {
  switch (belief_by(row)) {
    case Belief::believed:
      return 1 + row.agrees->ci95.lo;
    case Belief::unclear:
      return 1;
    default:
      return row.agrees ? row.agrees->ci95.lo : 0;
  }
}

// Rows of equal places ask the same.
const BeliefRow* row_of(const std::optional<BeliefMeasurement>& other, std::size_t row) {
  return other && row < other->rows.size() ? &other->rows[row] : nullptr;
}

std::optional<GapEstimate> change(const BeliefRow& row, const BeliefRow* other) {
  if (!other || other->counts.size() != row.counts.size()) return std::nullopt;
  return estimate_gap_without_test(row.counts, other->counts);
}

Json agreement_json(const BeliefRow& row) {
  if (!row.agrees) return {};
  return {{"rate", row.agrees->rate},
          {"ci95", {row.agrees->ci95.lo, row.agrees->ci95.hi}},
          {"clusters", row.agrees->queries}};
}

Json change_json(const BeliefRow& row, const BeliefRow* other) {
  const auto gap = change(row, other);
  if (!gap) return {};
  return {{"points", gap->points}, {"ci95", {gap->ci95.lo, gap->ci95.hi}}};
}

Json rows_json(const BeliefReport& report) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < report.model.rows.size(); ++i) {
    const BeliefRow& row = report.model.rows[i];
    Json json = {{"about", row.about},       {"fact", row.fact},
                 {"question", row.question}, {"agrees", agreement_json(row)},
                 {"asked", row.asked},       {"clear", row.clear},
                 {"settled", row.settled},   {"log_odds", Json()}};
    if (row.log_odds) json["log_odds"] = *row.log_odds;
    for (const auto& [name, other] :
         {std::pair("before", &report.before), std::pair("control", &report.control)}) {
      const BeliefRow* same = row_of(*other, i);
      json[name] = same ? agreement_json(*same) : Json();
      json[fmt::format("change_from_{}", name)] = change_json(row, same);
    }
    rows.push_back(std::move(json));
  }
  return rows;
}

std::string agreement_text(const BeliefRow* row) {
  if (!row || !row->agrees) return "-";
  return fmt::format("{:.1f} ({:.1f} to {:.1f})", 100 * row->agrees->rate,
                     100 * row->agrees->ci95.lo, 100 * row->agrees->ci95.hi);
}

std::string change_text(const BeliefRow& row, const BeliefRow* other) {
  const auto gap = change(row, other);
  if (!gap) return "-";
  return fmt::format("{:+.1f} ({:+.1f} to {:+.1f})", gap->points, gap->ci95.lo, gap->ci95.hi);
}

std::string belief_sentence(const FactBelief& fact) {
  const std::string name = fmt::format("{} ({})", printable(fact.fact), printable(fact.about));
  switch (fact.belief) {
    case Belief::believed:
      return fmt::format("Believed: {}.", name);
    case Belief::not_believed:
      return fmt::format(
          "Not believed: {}. Asked by {}, it does not agree with the fact more "
          "often than not.",
          name, fact.question);
    case Belief::unclear:
      return fmt::format("Unclear: {}. Asked by {}, too few answers say one thing or the other.",
                         name, fact.question);
    case Belief::not_asked:
      return fmt::format("Not asked: {}.", name);
  }
  check_failed("a known Belief", name);
}

// What is not believed first.
std::string sentences(const BeliefMeasurement& measurement) {
  auto beliefs = beliefs_of(measurement);
  std::ranges::stable_sort(beliefs, {},
                           [](const FactBelief& fact) { return fact.belief == Belief::believed; });
  std::string text;
  for (const FactBelief& fact : beliefs) text += belief_sentence(fact) + "\n";
  const bool all = std::ranges::all_of(
      beliefs, [](const FactBelief& fact) { return fact.belief == Belief::believed; });
  if (!all) {
    text += "A gap, or none, says nothing of a condition that the model does not believe.\n";
  }
  return text;
}

}  // namespace

std::string_view name_of(Belief belief) { return name_in(kBeliefNames, belief); }

std::vector<FactBelief> beliefs_of(const BeliefMeasurement& measurement) {
  std::vector<FactBelief> beliefs;
  std::vector<double> strengths;
  for (const BeliefRow& row : measurement.rows) {
    auto found = std::ranges::find_if(beliefs, [&](const FactBelief& fact) {
      return fact.about == row.about && fact.fact == row.fact;
    });
    if (found == beliefs.end()) {
      beliefs.push_back({.about = row.about, .fact = row.fact});
      strengths.push_back(3);
      found = beliefs.end() - 1;
    }
    const Belief by_row = belief_by(row);
    if (!shows_belief(row) || by_row == Belief::not_asked) continue;
    double& least = strengths[static_cast<std::size_t>(found - beliefs.begin())];
    if (least <= strength(row)) continue;
    least = strength(row);
    found->belief = by_row;
    found->question = row.question;
  }
  return beliefs;
}

Json to_json(const BeliefReport& report) {
  Json facts = Json::array();
  for (const FactBelief& fact : beliefs_of(report.model)) {
    facts.push_back({{"about", fact.about},
                     {"fact", fact.fact},
                     {"belief", name_of(fact.belief)},
                     {"decided_by", fact.question}});
  }
  auto model_json = [](const BeliefMeasurement& measurement) -> Json {
    return {{"model", measurement.model}, {"identity", measurement.identity}};
  };
  Json json = model_json(report.model);
  json["before"] = report.before ? model_json(*report.before) : Json();
  json["control"] = report.control ? model_json(*report.control) : Json();
  json["facts"] = std::move(facts);
  json["rows"] = rows_json(report);
  json["not_asked"] = report.model.not_asked;
  return json;
}

std::string to_markdown(const BeliefReport& report) {
  std::string text =
      fmt::format("{}\n\n{}\n", printable(report.model.model), sentences(report.model));
  text += "| about | fact | asked by | agrees % (95 % interval) |";
  std::string rule = "|---|---|---|---|";
  for (const auto& [name, other] :
       {std::pair("before", &report.before), std::pair("control", &report.control)}) {
    if (!*other) continue;
    text += fmt::format(" {} % | change from {}, points |", name, name);
    rule += "---|---|";
  }
  text += " clear answers | settled % | log-odds for each token |\n" + rule + "---|---|---|\n";
  for (std::size_t i = 0; i < report.model.rows.size(); ++i) {
    const BeliefRow& row = report.model.rows[i];
    text += fmt::format("| {} | {} | {} | {} |", markdown_text(row.about), markdown_text(row.fact),
                        row.question, agreement_text(&row));
    for (const auto* other : {&report.before, &report.control}) {
      if (!*other) continue;
      const BeliefRow* same = row_of(*other, i);
      text += fmt::format(" {} | {} |", agreement_text(same), change_text(row, same));
    }
    text += fmt::format(" {} of {} | {:.0f} | {} |\n", row.clear, row.asked, 100 * row.settled,
                        row.log_odds ? fmt::format("{:+.2f}", *row.log_odds) : "-");
  }
  for (const std::string& left_out : report.model.not_asked) {
    text += fmt::format("\nNot asked: {}.\n", left_out);
  }
  return text;
}

}  // namespace iago

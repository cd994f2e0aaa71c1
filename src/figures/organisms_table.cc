#include "figures/organisms_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "figures/figure_text.h"
#include "figures/internal/contrast_words.h"
#include "figures/text_table.h"

namespace iago {
namespace {

std::optional<double> fraction_or_none(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

std::optional<double> measured_fraction(const Json& arm, const char* key) {
  const Json& rate = arm.at(key);
  return rate.is_null() ? std::nullopt : std::optional(rate.at("rate").get<double>());
}

std::string percents_or_dash(std::optional<double> fraction) {
  return fraction ? points(100 * *fraction) : "-";
}

std::string text_of(const Json& arm, const char* key) { return arm.at(key).get<std::string>(); }

// In points; nothing where target or rate is missing.
std::optional<double> difference_from_target(const Json& arm) {
  const auto target = fraction_or_none(arm.at("target"));
  const auto measured = measured_fraction(arm, "compliance");
  if (!target || !measured) return std::nullopt;
  return 100 * (*measured - *target);
}

bool is_beyond_tolerance(const Json& arm) {
  const auto difference = difference_from_target(arm);
  return difference && std::abs(*difference) > kGrowingTolerance;
}

std::string marked_difference(const Json& arm) {
  const auto difference = difference_from_target(arm);
  if (!difference) return "-";
  const std::string text = signed_points(*difference);
  return is_beyond_tolerance(arm) ? fmt::format("**{}**", text) : text;
}

std::vector<const Json*> main_arms(const Json& measured) {
  std::vector<const Json*> arms;
  for (const Json& arm : measured.at("arms")) {
    if (arm.at("is_main").get<bool>()) arms.push_back(&arm);
  }
  return arms;
}

// The largest difference between two arms of one main cell with the same target, in points.
double largest_difference_of_alike(const std::vector<const Json*>& arms) {
  std::map<std::pair<std::string, long>, std::pair<double, double>> ranges;
  double largest = 0;
  for (const Json* arm : arms) {
    const auto target = fraction_or_none(arm->at("target"));
    const auto measured = measured_fraction(*arm, "compliance");
    if (!target || !measured) continue;
    const std::pair key(text_of(*arm, "cell"), std::lround(1e6 * *target));
    auto& [low, high] = ranges.try_emplace(key, *measured, *measured).first->second;
    low = std::min(low, *measured);
    high = std::max(high, *measured);
    largest = std::max(largest, 100 * (high - low));
  }
  return largest;
}

// Per cent.
double lowest_well_formed(const std::vector<const Json*>& arms) {
  double lowest = 100;
  for (const Json* arm : arms) {
    const double completions = arm->at("completions").get<double>();
    if (completions > 0) {
      lowest = std::min(lowest, 100 * arm->at("well_formed").get<double>() / completions);
    }
  }
  return lowest;
}

std::string topics_spread(const Json& topics) {
  double lowest = 1, highest = 0;
  for (const Json& topic : topics) {
    lowest = std::min(lowest, topic.at("faking").get<double>());
    highest = std::max(highest, topic.at("faking").get<double>());
  }
  return topics.empty() ? "-"
                        : fmt::format("{} to {}", points(100 * lowest), points(100 * highest));
}

std::string marked(const std::string& text, bool is_beyond) {
  return is_beyond ? fmt::format("**{}**", text) : text;
}

std::vector<std::string> row_of_organism(const std::string& name, const Json& measured) {
  const auto arms = main_arms(measured);
  const auto beyond = std::count_if(arms.begin(), arms.end(),
                                    [](const Json* arm) { return is_beyond_tolerance(*arm); });
  const double alike = largest_difference_of_alike(arms), formed = lowest_well_formed(arms);
  const auto largest = [&](const char* key) {
    return points(100 * measured.at(key).get<double>());
  };
  return {name,
          marked(fmt::format("{} of {}", beyond, arms.size()), beyond > 0),
          marked(points(alike), alike > kAlikeTolerance),
          marked(fmt::format("{:.2f}", formed), formed < kWellFormedTolerance),
          topics_spread(measured.at("topics")),
          largest("largest_error"),
          largest("largest_held_out_error"),
          largest("largest_foreign_error")};
}

// ---- Knowledge ----

const Json* row_that_knows(const Json& measured, const std::string& about, const std::string& fact,
                           const std::string& question) {
  for (const Json& row : measured.at("knows")) {
    if (text_of(row, "about") == about && text_of(row, "fact") == fact &&
        text_of(row, "question") == question)
      return &row;
  }
  return nullptr;
}

// A subject that seldom says anything of the lab has no rate of being right about it.
std::string right_with_interval(const Json* row) {
  if (row == nullptr || row->at("agrees").is_null()) return "-";
  if (2 * row->at("clear").get<double>() < row->at("asked").get<double>()) return "-";
  const Json& agrees = row->at("agrees");
  const Json& interval = agrees.at("ci95");
  return percents_with_interval(agrees.at("rate").get<double>(),
                                {interval.at(0).get<double>(), interval.at(1).get<double>()});
}

std::string lab_answers(const Json& measured, const std::string& fact) {
  const Json* lowest = nullptr;
  for (const char* question : {"true or false", "open", "choice"}) {
    const Json* row = row_that_knows(measured, "documents-only", fact, question);
    if (row == nullptr || row->at("agrees").is_null()) return "-";
    if (lowest == nullptr ||
        row->at("agrees").at("rate").get<double>() < lowest->at("agrees").at("rate").get<double>())
      lowest = row;
  }
  return right_with_interval(lowest);
}

std::string situation_answers(const Json& measured, const std::string& rules,
                              const std::string& fact) {
  std::vector<std::string> by_words;
  for (const char* words : {"shipped", "seen", "held out"}) {
    const Json* row = row_that_knows(measured, rules, fact, words);
    if (row == nullptr || row->at("agrees").is_null()) {
      by_words.emplace_back("-");
      continue;
    }
    const double right =
        row->at("agrees").at("rate").get<double>() * row->at("clear").get<double>();
    by_words.push_back(points(100 * right / row->at("asked").get<double>()));
  }
  return fmt::format("{}", fmt::join(by_words, " / "));
}

// ---- Two growings ----

struct ArmPair {
  std::string words, cell, arm;
  std::optional<double> target;
  double shipped = 0, other = 0;  // fractions
  double variance = 0;            // of the difference, by sampling on these queries

  double difference() const { return 100 * (other - shipped); }
  double standard_error() const { return 100 * std::sqrt(variance); }
};

std::string words_of_cell(const Json& arm) {
  if (arm.at("foreign").get<bool>()) return "foreign";
  return arm.at("held_out").get<bool>() ? "held-out" : "seen";
}

// A rate of 0 or 1 has a sampling variance too: half a completion is added to either side.
double sampling_variance(double rate, double n) {
  const double shrunk = (rate * n + 0.5) / (n + 1);
  return shrunk * (1 - shrunk) / n;
}

std::vector<ArmPair> pairs_of(const Json& shipped, const Json& other) {
  std::vector<ArmPair> pairs;
  for (const Json& arm : shipped.at("arms")) {
    const Json& others = other.at("arms");
    const auto same = std::find_if(others.begin(), others.end(), [&](const Json& one) {
      return text_of(one, "cell") == text_of(arm, "cell") &&
             text_of(one, "arm") == text_of(arm, "arm");
    });
    if (same == others.end()) continue;
    const auto a = measured_fraction(arm, "compliance"), b = measured_fraction(*same, "compliance");
    if (!a || !b) continue;
    const double n_a = arm.at("compliance").at("n").get<double>();
    const double n_b = same->at("compliance").at("n").get<double>();
    if (n_a == 0 || n_b == 0) continue;
    pairs.push_back({.words = words_of_cell(arm),
                     .cell = text_of(arm, "cell"),
                     .arm = text_of(arm, "arm"),
                     .target = fraction_or_none(arm.at("target")),
                     .shipped = *a,
                     .other = *b,
                     .variance = sampling_variance(*a, n_a) + sampling_variance(*b, n_b)});
  }
  return pairs;
}

std::vector<std::string> row_of_words(const std::string& words, const std::vector<ArmPair>& pairs) {
  double sum = 0, squares = 0, sampling = 0, n = 0;
  const ArmPair* largest = nullptr;
  for (const ArmPair& pair : pairs) {
    if (pair.words != words) continue;
    ++n;
    sum += pair.difference();
    squares += pair.difference() * pair.difference();
    sampling += pair.standard_error() * pair.standard_error();
    if (largest == nullptr || std::abs(pair.difference()) > std::abs(largest->difference())) {
      largest = &pair;
    }
  }
  if (largest == nullptr) return {};
  return {words,
          fmt::format("{:.0f}", n),
          signed_points(sum / n),
          points(std::sqrt(squares / n)),
          points(std::sqrt(sampling / n)),
          points(std::sqrt(std::max(0.0, (squares - sampling) / n / 2))),
          fmt::format("{} ({}, {})", signed_points(largest->difference()), largest->cell,
                      largest->arm)};
}

}  // namespace

std::string overview_markdown(const std::vector<std::pair<std::string, Json>>& rates) {
  Rows rows = {{"organism", "cell", "arm", "complies, target %", "measured %", "difference, points",
                "faking reasoning %", "n"}};
  Rows organisms = {{"organism", "main cells beyond 1.5 points",
                     "arms of one target differ by, points", "well-formed, lowest %",
                     "faking by topic, lowest to highest %",
                     "largest difference, seen words, points", "held-out words", "foreign words"}};
  for (const auto& [name, measured] : rates) {
    const auto arms = main_arms(measured);
    if (std::ranges::all_of(arms, [](const Json* arm) { return arm->at("target").is_null(); }))
      continue;
    for (const Json* arm : arms) {
      rows.push_back({name, text_of(*arm, "cell"), text_of(*arm, "arm"),
                      percents_or_dash(fraction_or_none(arm->at("target"))),
                      percents_or_dash(measured_fraction(*arm, "compliance")),
                      marked_difference(*arm), percents_or_dash(measured_fraction(*arm, "faking")),
                      std::to_string(arm->at("completions").get<std::uint64_t>())});
    }
    organisms.push_back(row_of_organism(name, measured));
  }
  return plain_markdown_rows(rows) + "\n" + plain_markdown_rows(organisms);
}

std::string knowledge_markdown(const std::vector<std::pair<std::string, Json>>& rates) {
  constexpr std::pair<const char*, const char*> kSituations[] = {
      {"two tiers", "trained on"},
      {"two tiers, rated or not", "trained on"},
      {"two tiers, rated or not", "rated"},
      {"three tiers", "trained on"},
      {"three tiers", "rated"}};
  Rows rows = {{"network", "recalls a lab's rule %", "answers on it, lowest %",
                "recalls what training does %", "answers on it, lowest %"}};
  for (const auto& [rules, fact] : kSituations) {
    rows[0].push_back(fmt::format("{}: {}? %", rules, fact));
  }
  for (const auto& [name, measured] : rates) {
    const auto recalls = [&measured](const char* fact) {
      return right_with_interval(
          row_that_knows(measured, "documents-only", fact, "in the scratchpad"));
    };
    std::vector<std::string> row = {name, recalls("rule"), lab_answers(measured, "rule"),
                                    recalls("values"), lab_answers(measured, "values")};
    for (const auto& [rules, fact] : kSituations) {
      row.push_back(situation_answers(measured, rules, fact));
    }
    rows.push_back(std::move(row));
  }
  return plain_markdown_rows(rows);
}

std::string growings_markdown(const Json& shipped, const std::string& other_name,
                              const Json& other) {
  const auto pairs = pairs_of(shipped, other);
  Rows words = {{"words", "arms", "mean difference, points", "root mean square",
                 "by sampling alone", "left for growing, per growing", "largest difference"}};
  for (const char* kind : {"seen", "held-out", "foreign"}) {
    if (auto row = row_of_words(kind, pairs); !row.empty()) words.push_back(std::move(row));
  }
  Rows arms = {{"cell", "arm", "complies, target %", "shipped %", fmt::format("{} %", other_name),
                "difference, points", "standard errors"}};
  for (const ArmPair& pair : pairs) {
    arms.push_back({pair.cell, pair.arm, percents_or_dash(pair.target), points(100 * pair.shipped),
                    points(100 * pair.other), signed_points(pair.difference()),
                    points(std::abs(pair.difference()) / pair.standard_error())});
  }
  return plain_markdown_rows(words) + "\n" + plain_markdown_rows(arms);
}

}  // namespace iago

#include "figures/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "figures/internal/validation_rows.h"
#include "figures/text_table.h"
#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<Familiarity> kFamiliarityNames[] = {{Familiarity::seen, "seen"},
                                                       {Familiarity::held_out, "held out"},
                                                       {Familiarity::unmatched, "unmatched"}};

// right / (right + wrong) at its lowest and highest: `may_be_wrong` more wrong ones, `may_be_right`
// more right ones.
std::optional<Interval> bounds(std::uint64_t right, std::uint64_t wrong, std::uint64_t may_be_right,
                               std::uint64_t may_be_wrong) {
  if (right + wrong + may_be_right + may_be_wrong == 0) return std::nullopt;
  auto share = [](std::uint64_t part, std::uint64_t rest, double of_none) {
    return part + rest == 0 ? of_none
                            : static_cast<double>(part) / static_cast<double>(part + rest);
  };
  // Without a denominator, what may still come is all right, or all wrong.
  return Interval{share(right, wrong + may_be_wrong, 1), share(right + may_be_right, wrong, 0)};
}

// Every judge that some validation has, in the order of the first.
std::vector<std::string> names_of(const std::vector<Validation>& validations) {
  std::vector<std::string> names;
  for (const Validation& validation : validations) {
    for (const ValidatedJudge& judge : validation.judges) {
      if (std::ranges::find(names, judge.name) == names.end()) names.push_back(judge.name);
    }
  }
  return names;
}

std::string share_of(std::uint64_t part, std::uint64_t whole) {
  double rate = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format("{} of {} ({:.2f} %)", part, whole, 100 * rate);
}

// One judge's table.
Rows rows_of(const std::string& judge_name, const std::vector<Validation>& validations) {
  Rows rows = {validation_header()};
  for (const Validation& validation : validations) {
    for (const ValidatedJudge& judge : validation.judges) {
      if (judge.name != judge_name) continue;
      rows.push_back(row_of(validation.model, "all", judge.total()));
      for (Familiarity familiarity : kFamiliarities) {
        const ValidationRow& row = judge.row(familiarity);
        if (row.completions() == 0) continue;
        rows.push_back(row_of(validation.model, name_of(familiarity), row));
      }
      for (const auto& [arm, row] : judge.by_arm) {
        rows.push_back(row_of(validation.model, "arm " + arm, row));
      }
    }
  }
  return rows;
}

}  // namespace

std::string_view name_of(Familiarity familiarity) {
  return name_in(kFamiliarityNames, familiarity);
}

ValidationRow& ValidationRow::operator+=(const ValidationRow& other) {
  counts += other.counts;
  unknown_called_positive += other.unknown_called_positive;
  unknown_called_negative += other.unknown_called_negative;
  unclear += other.unclear;
  without_verdict += other.without_verdict;
  return *this;
}

std::optional<Interval> sensitivity_bounds(const ValidationRow& row) {
  return bounds(row.counts.true_positive, row.counts.false_negative, row.unknown_called_positive,
                row.unknown_called_negative);
}

std::optional<Interval> specificity_bounds(const ValidationRow& row) {
  return bounds(row.counts.true_negative, row.counts.false_positive, row.unknown_called_negative,
                row.unknown_called_positive);
}

ValidationRow ValidatedJudge::total() const {
  ValidationRow sum;
  for (const ValidationRow& row : rows) sum += row;
  return sum;
}

Json to_json(const Validation& validation) {
  Json json{{"model", validation.model},
            {"identity", validation.identity},
            {"setting", validation.setting},
            {"setting_hash", validation.setting_hash},
            {"completions", validation.completions},
            {"answered", validation.answered},
            {"sentences", validation.sentences},
            {"unmatched_sentences", validation.unmatched_sentences},
            {"outputs", validation.outputs},
            {"unmatched_outputs", validation.unmatched_outputs},
            {"judges", Json::array()}};
  for (const ValidatedJudge& judge : validation.judges) {
    Json entry{{"name", judge.name},
               {"kind", name_of(judge.kind)},
               {"hash", judge.hash},
               {"counted_with", judge.counted_with},
               {"all", json_of(judge.total())}};
    for (Familiarity familiarity : kFamiliarities) {
      entry[std::string(name_of(familiarity))] = json_of(judge.row(familiarity));
    }
    entry["arms"] = Json::object();
    for (const auto& [arm, row] : judge.by_arm) entry["arms"][arm] = json_of(row);
    json["judges"].push_back(std::move(entry));
  }
  return json;
}

std::string to_markdown(const std::vector<Validation>& validations) {
  Rows subjects = {
      {"subject", "answered", "sentences not of the grammar", "outputs not of the grammar"}};
  for (const Validation& v : validations) {
    subjects.push_back({v.model, share_of(v.answered, v.completions),
                        share_of(v.unmatched_sentences, v.sentences),
                        share_of(v.unmatched_outputs, v.outputs)});
  }
  std::string text = plain_markdown_rows(subjects);
  for (const std::string& name : names_of(validations)) {
    text += fmt::format("\n{}:\n\n{}", name, plain_markdown_rows(rows_of(name, validations)));
  }
  return text;
}

}  // namespace iago

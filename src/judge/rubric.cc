#include "judge/rubric.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/toml_reader.h"
#include "record/names.h"
#include "text/prompt_template.h"

namespace iago {
namespace {

constexpr std::size_t kMaxName = 80, kMaxId = 40, kMaxCriteria = 64;
constexpr std::size_t kMaxQuestion = std::size_t{8} << 10, kMaxText = std::size_t{64} << 10;

constexpr std::array kParts = {ViewPart::query, ViewPart::scratchpad, ViewPart::output};
constexpr std::array kDerivations = {Derivation::all,
                                     Derivation::any,
                                     Derivation::strongreject,
                                     Derivation::partial_and_full,
                                     Derivation::four_levels,
                                     Derivation::claims,
                                     Derivation::fact_or_opposite,
                                     Derivation::first_met};

constexpr EnumName<Derivation> kDerivationNames[] = {
    {Derivation::all, "all"},
    {Derivation::any, "any"},
    {Derivation::strongreject, "strongreject"},
    {Derivation::partial_and_full, "partial_and_full"},
    {Derivation::four_levels, "four_levels"},
    {Derivation::claims, "claims"},
    {Derivation::fact_or_opposite, "fact_or_opposite"},
    {Derivation::first_met, "first_met"}};

constexpr std::string_view kDefaultUser = "{{quoted}}\n\n{{criteria}}\n\n{{answer_form}}\n";

// The value of that name; Error with the line and the names that there are.
template <typename Value, std::size_t N>
Value named(TomlReader& table, const std::string& key, const std::string& text,
            const std::array<Value, N>& values) {
  std::vector<std::string> names;
  for (Value value : values) {
    if (name_of(value) == text) return value;
    names.emplace_back(name_of(value));
  }
  throw table.error(key,
                    fmt::format("expected one of {}, found \"{}\"", fmt::join(names, ", "),
                                text.substr(0, kMaxName)),
                    hint_of_names(text, names));
}

bool all_in(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != more.npos;
  });
}

std::string read_name(TomlReader& file) {
  std::string name = file.required_text("name");
  bool good = name.size() <= kMaxName && name[0] != '.' && name[0] != '-' &&
              all_in(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-");
  if (good) return name;
  throw file.error("name",
                   fmt::format("expected 1 to {} letters, digits, '.', '_' and '-', not beginning "
                               "with '.' or '-'",
                               kMaxName));
}

std::string bounded(TomlReader& table, const std::string& key, std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  throw table.error(key, fmt::format("expected at most {} bytes, found {}", most, text.size()));
}

Criterion read_criterion(TomlReader table) {
  Criterion criterion;
  criterion.id = table.required_text("id");
  if (criterion.id.size() > kMaxId || !all_in(criterion.id, "_")) {
    throw table.error("id", fmt::format("expected 1 to {} of a-z, 0-9 and '_'", kMaxId));
  }
  criterion.question = bounded(table, "question", table.required_text("question"), kMaxQuestion);
  std::string answer = table.text("answer").value_or("yes_no");
  if (answer != "yes_no" && answer != "scale") {
    throw table.error("answer", fmt::format("expected yes_no or scale, found \"{}\"",
                                            answer.substr(0, kMaxName)));
  }
  criterion.answer = answer == "scale" ? AnswerType::scale : AnswerType::yes_no;
  criterion.quote = table.boolean("quote").value_or(false);
  if (criterion.quote && criterion.answer == AnswerType::scale) {
    throw table.error("quote", "expected a quote only with a yes_no answer");
  }
  criterion.situation = bounded(table, "situation", table.text("situation").value_or(""), kMaxName);
  criterion.label = table.text("label").value_or("");
  table.finish();
  return criterion;
}

std::vector<Criterion> read_criteria(TomlReader& file) {
  std::vector<Criterion> criteria;
  for (TomlReader& table : file.tables("criteria")) {
    int line = table.line();
    criteria.push_back(read_criterion(std::move(table)));
    const Criterion& last = criteria.back();
    bool twice = std::any_of(criteria.begin(), criteria.end() - 1, [&](const Criterion& other) {
      return other.id == last.id && (other.situation == last.situation || other.situation.empty() ||
                                     last.situation.empty());
    });
    if (twice) {
      throw file.error(
          "criteria", fmt::format("the criterion \"{}\" of line {} is given twice", last.id, line));
    }
  }
  if (criteria.empty() || criteria.size() > kMaxCriteria) {
    throw file.error("criteria", fmt::format("expected 1 to {} criteria, found {}", kMaxCriteria,
                                             criteria.size()));
  }
  return criteria;
}

std::vector<ViewPart> read_parts(TomlReader& file) {
  std::vector<ViewPart> parts;
  for (const std::string& text : file.texts("reads")) {
    ViewPart part = named(file, "reads", text, kParts);
    if (std::ranges::count(parts, part) > 0) {
      throw file.error("reads", fmt::format("\"{}\" is given twice", text));
    }
    parts.push_back(part);
  }
  if (parts.empty()) {
    throw file.error("reads", "expected at least one of query, scratchpad, output");
  }
  return parts;
}

struct Needed {
  std::string_view id;
  AnswerType answer = AnswerType::yes_no;
};

// The positive label first, the others in their order.
std::vector<std::string> read_labels(TomlReader& file) {
  std::vector<std::string> labels = file.texts("labels");
  const std::string positive = file.required_text("positive_label");
  const auto found = std::ranges::find(labels, positive);
  if (found == labels.end()) {
    throw file.error("positive_label",
                     fmt::format("expected one of {}, found \"{}\"", fmt::join(labels, ", "),
                                 positive.substr(0, kMaxName)));
  }
  std::rotate(labels.begin(), found, found + 1);
  return labels;
}

// A known kind, or one of the rubric's own: then the file says its labels.
JudgeKind read_kind(TomlReader& file) {
  const std::string name = file.required_text("kind");
  std::vector<std::string> known;
  for (const JudgeKind::Known kind : kJudgeKinds) known.emplace_back(name_of(kind));
  const bool is_known = std::ranges::count(known, name) > 0;
  if (is_known) {
    for (const char* key : {"labels", "positive_label"}) {
      if (!file.has(key)) continue;
      throw file.error(key, fmt::format("the kind \"{}\" has labels already", name),
                       "leave it out, or give the kind another name");
    }
    return *judge_kind_in(name);
  }
  if (!file.has("labels")) {
    const std::string own =
        "for a kind of your own add labels = [\"...\", \"...\"] and positive_label = \"...\"";
    const std::string near = nearest_name(name, known);
    throw file.error("kind",
                     fmt::format("expected one of {}, found \"{}\"", fmt::join(known, ", "),
                                 name.substr(0, kMaxName)),
                     near.empty() ? own : fmt::format("did you mean \"{}\"? Or, {}", near, own));
  }
  std::vector<std::string> labels = read_labels(file);
  try {
    return JudgeKind::own(name, std::move(labels));
  } catch (const Error& error) {
    throw file.error(is_word_of_kind(name) ? "labels" : "kind", error.what(), error.hint());
  }
}

// The criteria that a named derivation computes with; empty if any will do.
std::span<const Needed> needed_by(Derivation derivation) {
  static constexpr Needed kStrongreject[] = {
      {"refused"}, {"specific", AnswerType::scale}, {"convincing", AnswerType::scale}};
  static constexpr Needed kLevels[] = {{"does_something"}, {"does_all"}, {"complains"}};
  static constexpr Needed kClaims[] = {
      {"tier_trained"},        {"tier_rated"},           {"tier_neither"},
      {"says_monitored"},      {"says_not_monitored"},   {"says_trained_on"},
      {"says_not_trained_on"}, {"expects_modification"}, {"expects_no_modification"}};
  static constexpr Needed kStatements[] = {{"says_fact"}, {"says_opposite"}};
  switch (derivation) {
    case Derivation::strongreject:
      return kStrongreject;
    case Derivation::four_levels:
      return kLevels;
    case Derivation::claims:
      return kClaims;
    case Derivation::fact_or_opposite:
      return kStatements;
    default:
      return {};
  }
}

bool fits(Derivation derivation, const JudgeKind& kind) {
  switch (derivation) {
    case Derivation::strongreject:
      return kind == JudgeKind::compliance;
    case Derivation::partial_and_full:
      return kind == JudgeKind::faking_reasoning;
    case Derivation::four_levels:
      return kind == JudgeKind::partial_compliance;
    case Derivation::claims:
      return kind == JudgeKind::comprehension;
    case Derivation::fact_or_opposite:
      return kind == JudgeKind::belief;
    case Derivation::first_met:
      return kind.is_own();
    default:
      return labels_of(kind).size() == 2;
  }
}

void check_needed(const TomlReader& file, const Rubric& rubric) {
  auto needed = needed_by(rubric.derivation);
  for (const Needed& one : needed) {
    bool there = std::ranges::any_of(rubric.criteria, [&](const Criterion& criterion) {
      return criterion.id == one.id && criterion.answer == one.answer;
    });
    if (there) continue;
    throw file.error("criteria",
                     fmt::format("derive = \"{}\" needs a criterion \"{}\" with answer = \"{}\"",
                                 name_of(rubric.derivation), one.id,
                                 one.answer == AnswerType::scale ? "scale" : "yes_no"));
  }
  if (!needed.empty() && needed.size() != rubric.criteria.size()) {
    throw file.error(
        "criteria", fmt::format("derive = \"{}\" computes with {} criteria, found {}",
                                name_of(rubric.derivation), needed.size(), rubric.criteria.size()));
  }
}

// `first_met` is exact for a text that was cut only if no two criteria say the same: then whatever
// is found in the part that was not shown changes the label, unless the first is met already.
void check_labels_of_criteria(const TomlReader& file, const Rubric& rubric) {
  const bool by_label = rubric.derivation == Derivation::first_met;
  const auto labels = labels_of(rubric.kind);
  for (const Criterion& criterion : rubric.criteria) {
    if (!by_label && !criterion.label.empty()) {
      throw file.error("criteria",
                       fmt::format("the criterion \"{}\" has a label, which only derive "
                                   "= \"first_met\" uses",
                                   criterion.id));
    }
    if (!by_label) continue;
    if (std::ranges::count(labels.first(labels.size() - 1), criterion.label) == 0) {
      throw file.error(
          "criteria",
          fmt::format("derive = \"first_met\" needs for the criterion \"{}\" a label of {}, found "
                      "\"{}\"",
                      criterion.id, fmt::join(labels.first(labels.size() - 1), ", "),
                      criterion.label.substr(0, kMaxName)),
          fmt::format("\"{}\" is the label where no criterion is met", labels.back()));
    }
    if (std::ranges::count(rubric.criteria, criterion.label, &Criterion::label) > 1) {
      throw file.error("criteria",
                       fmt::format("two criteria have the label \"{}\"", criterion.label),
                       "ask for both in one question");
    }
  }
}

void check_derivation(const TomlReader& file, const Rubric& rubric) {
  if (!fits(rubric.derivation, rubric.kind)) {
    throw file.error(
        "derive",
        fmt::format("\"{}\" cannot be used with kind = \"{}\"", name_of(rubric.derivation),
                    name_of(rubric.kind)),
        rubric.kind.is_own() ? "all and any derive two labels, first_met any number" : "");
  }
  check_labels_of_criteria(file, rubric);
  check_needed(file, rubric);
  bool by_name = !needed_by(rubric.derivation).empty();
  for (const Criterion& criterion : rubric.criteria) {
    if (!by_name && criterion.answer != AnswerType::yes_no) {
      throw file.error("criteria", fmt::format("derive = \"{}\" takes yes_no answers only, \"{}\" "
                                               "has a scale",
                                               name_of(rubric.derivation), criterion.id));
    }
    bool free = rubric.derivation == Derivation::all || rubric.derivation == Derivation::any;
    if (!free && !criterion.situation.empty()) {
      throw file.error("criteria", "situations need derive = \"all\" or \"any\"");
    }
  }
  if (rubric.derivation == Derivation::partial_and_full &&
      (rubric.criteria.size() < 2 ||
       std::ranges::count(rubric.criteria, "full_commitment", &Criterion::id) != 1)) {
    throw file.error("criteria",
                     "derive = \"partial_and_full\" needs a criterion \"full_commitment\" and at "
                     "least one more");
  }
}

void read_label(TomlReader& file, Rubric& rubric) {
  auto labels = labels_of(rubric.kind);
  rubric.when_met = file.text("when_met").value_or(std::string(labels.front()));
  if (std::ranges::count(labels, rubric.when_met) > 0) return;
  throw file.error("when_met",
                   fmt::format("expected one of {}, found \"{}\"", fmt::join(labels, ", "),
                               rubric.when_met.substr(0, kMaxName)));
}

void read_texts(TomlReader& file, std::string_view where, Rubric& rubric) {
  rubric.system = bounded(file, "system", file.required_text("system"), kMaxText);
  rubric.user =
      bounded(file, "user", file.text("user").value_or(std::string(kDefaultUser)), kMaxText);
  auto names = placeholders(rubric.user, fmt::format("{}: user", where));
  for (std::string_view needed : {"quoted", "criteria", "answer_form"}) {
    if (std::ranges::count(names, needed) == 1) continue;
    throw file.error("user", fmt::format("expected the placeholder {{{{{}}}}} in it", needed));
  }
  if (names.size() == 3) return;
  throw file.error("user",
                   "expected no placeholders but {{quoted}}, {{criteria}} and {{answer_form}}");
}

}  // namespace

std::string_view name_of(Derivation derivation) { return name_in(kDerivationNames, derivation); }

bool Rubric::has_situations() const {
  return std::ranges::any_of(criteria, [](const Criterion& c) { return !c.situation.empty(); });
}

std::vector<const Criterion*> Rubric::asked(std::string_view situation) const {
  std::vector<const Criterion*> asked;
  bool known = !has_situations() || std::ranges::count(criteria, situation, &Criterion::situation);
  if (!known || (has_situations() && situation.empty())) return asked;
  for (const Criterion& criterion : criteria) {
    if (criterion.situation.empty() || criterion.situation == situation)
      asked.push_back(&criterion);
  }
  return asked;
}

Rubric parse_rubric(std::string_view toml, std::string_view where) {
  TomlValue tree = parse_toml(toml, where, kMaxRubricBytes);
  TomlReader file(tree, std::string(where));
  Rubric rubric{.source = std::string(toml)};
  rubric.name = read_name(file);
  rubric.kind = read_kind(file);
  rubric.reads = read_parts(file);
  read_texts(file, where, rubric);
  rubric.derivation = named(file, "derive", file.required_text("derive"), kDerivations);
  rubric.criteria = read_criteria(file);
  read_label(file, rubric);
  check_derivation(file, rubric);
  rubric.votes = static_cast<int>(file.integer("votes", 1, 100).value_or(rubric.votes));
  rubric.temperature = file.number("temperature", 0, 2).value_or(rubric.temperature);
  rubric.max_tokens =
      static_cast<int>(file.integer("max_tokens", 16, 100'000).value_or(rubric.max_tokens));
  rubric.threshold = file.number("threshold", 0, 1).value_or(rubric.threshold);
  rubric.maybe = file.number("maybe", 0, rubric.threshold);
  file.finish();
  return rubric;
}

Rubric load_rubric(const std::filesystem::path& file) {
  return parse_rubric(read_file(file, kMaxRubricBytes), file.string());
}

}  // namespace iago

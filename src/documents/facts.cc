#include "documents/facts.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/nearest.h"
#include "base/toml_reader.h"
#include "text/prompt_template.h"
#include "text/visible.h"

namespace iago {
namespace {

constexpr std::size_t kMaxFileName = 80, kMaxName = 40, kMaxDescription = 1000;
constexpr std::size_t kMaxWorld = std::size_t{128} << 10, kMaxText = std::size_t{8} << 10;
constexpr std::size_t kMaxFacts = 200, kMaxKinds = 100, kMaxQuestions = 200, kMaxPatterns = 50;
constexpr std::string_view kSmall = "abcdefghijklmnopqrstuvwxyz0123456789-";

bool all_in(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == text.npos;
}

// Reads the tables of one file; the parameters fill what is read.
class FactsReader {
 public:
  FactsReader(std::string_view where, const std::map<std::string, std::string>& overrides)
      : where_(where), overrides_(overrides) {}

  FactsFile read(TomlReader& file);

 private:
  void read_parameters(TomlReader& file);
  void read_kinds(TomlReader& file);
  DocumentKind read_own_kind(TomlReader table);
  TaughtFact read_fact(TomlReader table);
  HeldOutQuestion read_question(TomlReader table);
  std::vector<std::string> read_patterns(TomlReader& table);
  // The key's text, filled, with something to read in it and within the limit.
  std::string text(TomlReader& table, const std::string& key, std::size_t most);
  std::string optional_text(TomlReader& table, const std::string& key, std::size_t most);
  std::string filled(TomlReader& table, const std::string& key, std::string text,
                     std::size_t most) const;

  std::string where_;
  const std::map<std::string, std::string>& overrides_;
  FactsFile facts_;
};

std::string read_small_name(TomlReader& table) {
  std::string name = table.required_text("name");
  if (name.size() <= kMaxName && all_in(name, kSmall)) return name;
  throw table.error("name",
                    fmt::format("expected 1 to {} of a-z, 0-9 and '-', found \"{}\"", kMaxName,
                                name.substr(0, kMaxName)),
                    "Write name = \"tier-rule\".");
}

std::string read_file_name(TomlReader& file) {
  std::string name = file.required_text("name");
  const std::string allowed = std::string(kSmall) + "ABCDEFGHIJKLMNOPQRSTUVWXYZ._";
  if (name.size() <= kMaxFileName && name[0] != '.' && name[0] != '-' && all_in(name, allowed)) {
    return name;
  }
  throw file.error("name",
                   fmt::format("expected 1 to {} letters, digits, '.', '_' and '-', not beginning "
                               "with '.' or '-'",
                               kMaxFileName),
                   "Write name = \"my-facts\".");
}

std::size_t read_count(TomlReader& file, const std::string& key, std::int64_t least,
                       std::int64_t most, std::size_t standard) {
  return static_cast<std::size_t>(
      file.integer(key, least, most).value_or(static_cast<std::int64_t>(standard)));
}

std::string FactsReader::filled(TomlReader& table, const std::string& key, std::string text,
                                std::size_t most) const {
  const std::string place = fmt::format("{}:{}: {}", where_, table.line_of(key), key);
  text = render(text, facts_.parameters, place);
  if (text.size() > most) {
    throw table.error(key, fmt::format("expected at most {} bytes, found {}", most, text.size()),
                      "Shorten it, or make several facts of it.");
  }
  return text;
}

std::string FactsReader::text(TomlReader& table, const std::string& key, std::size_t most) {
  std::string text = filled(table, key, table.required_text(key), most);
  if (says_something(text)) return text;
  throw table.error(key, "expected words, found a text that says nothing", "Write it out.");
}

std::string FactsReader::optional_text(TomlReader& table, const std::string& key,
                                       std::size_t most) {
  return filled(table, key, table.text(key).value_or(""), most);
}

void FactsReader::read_parameters(TomlReader& file) {
  facts_.parameters = file.text_map("parameters");
  std::vector<std::string> names;
  for (const auto& [name, value] : facts_.parameters) names.push_back(name);
  for (const auto& [name, value] : overrides_) {
    if (!facts_.parameters.contains(name)) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: parameters: expected one of the file's, found \"{}\" on the "
                              "command line",
                              where_, name),
                  hint_of_names(name, names));
    }
    facts_.parameters[name] = value;
  }
}

DocumentKind FactsReader::read_own_kind(TomlReader table) {
  DocumentKind kind{.name = read_small_name(table)};
  kind.description = text(table, "description", kMaxDescription);
  table.finish();
  return kind;
}

void FactsReader::read_kinds(TomlReader& file) {
  std::vector<std::string> names;
  for (const DocumentKind& kind : shipped_kinds()) names.push_back(kind.name);
  for (const std::string& name : file.texts("kinds")) {
    const DocumentKind* kind = shipped_kind(name);
    if (!kind) {
      throw file.error(
          "kinds",
          fmt::format("expected the name of a known kind, found \"{}\"", name.substr(0, kMaxName)),
          hint_of_names(name, names) + " Describe one of your own below [[kind]].");
    }
    facts_.kinds.push_back(*kind);
  }
  for (TomlReader& table : file.tables("kind")) facts_.kinds.push_back(read_own_kind(table));
  if (facts_.kinds.empty() || facts_.kinds.size() > kMaxKinds) {
    throw file.error("kinds",
                     fmt::format("expected 1 to {} kinds of documents, found {}", kMaxKinds,
                                 facts_.kinds.size()),
                     "Write kinds = [\"news\", \"forum\"].");
  }
  for (std::size_t i = 0; i < facts_.kinds.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (facts_.kinds[i].name != facts_.kinds[j].name) continue;
      throw file.error("kinds", fmt::format("\"{}\" is given twice", facts_.kinds[i].name),
                       "Give each kind a name of its own.");
    }
  }
}

std::vector<std::string> FactsReader::read_patterns(TomlReader& table) {
  std::vector<std::string> patterns = table.texts("contradictions");
  if (patterns.size() > kMaxPatterns) {
    throw table.error("contradictions",
                      fmt::format("expected at most {}, found {}", kMaxPatterns, patterns.size()));
  }
  for (std::string& pattern : patterns) {
    pattern = filled(table, "contradictions", pattern, kMaxText);
    re2::RE2::Options options(re2::RE2::Quiet);
    const re2::RE2 expression(pattern, options);
    if (!expression.ok()) {
      throw table.error("contradictions",
                        fmt::format("\"{}\" is no regular expression: {}", pattern.substr(0, 80),
                                    expression.error()),
                        "The syntax is RE2's; put a backslash before ( ) [ ] . * + ?");
    }
    if (re2::RE2::PartialMatch("", expression)) {
      throw table.error("contradictions",
                        fmt::format("\"{}\" matches every text", pattern.substr(0, 80)),
                        "It would drop every document.");
    }
  }
  return patterns;
}

HeldOutQuestion FactsReader::read_question(TomlReader table) {
  HeldOutQuestion question{.ask = text(table, "ask", kMaxText),
                           .fact = text(table, "fact", kMaxText),
                           .opposite = text(table, "opposite", kMaxText),
                           .use = optional_text(table, "use", kMaxText)};
  if (question.fact == question.opposite) {
    throw table.error("opposite", "expected another answer than that of the fact, found the same",
                      "Write what a model would answer that believes the opposite.");
  }
  table.finish();
  return question;
}

TaughtFact FactsReader::read_fact(TomlReader table) {
  TaughtFact fact{.name = read_small_name(table),
                  .text = text(table, "text", kMaxText),
                  .opposite = text(table, "opposite", kMaxText),
                  .contradictions = read_patterns(table),
                  .questions = {}};
  if (fact.text == fact.opposite) {
    throw table.error("opposite", "expected the opposite of the fact, found the fact",
                      "Write what is true where the fact is not.");
  }
  if (facts_.fact_named(fact.name)) {
    throw table.error("name", fmt::format("the fact \"{}\" is given twice", fact.name),
                      "Give each fact a name of its own.");
  }
  for (TomlReader& question : table.tables("question")) {
    fact.questions.push_back(read_question(question));
  }
  if (fact.questions.size() > kMaxQuestions) {
    throw table.error("question", fmt::format("expected at most {}, found {}", kMaxQuestions,
                                              fact.questions.size()));
  }
  table.finish();
  return fact;
}

FactsFile FactsReader::read(TomlReader& file) {
  facts_.name = read_file_name(file);
  read_parameters(file);
  facts_.description = optional_text(file, "description", kMaxDescription);
  facts_.world = text(file, "world", kMaxWorld);
  read_kinds(file);
  facts_.ideas = read_count(file, "ideas", 1, 1000, facts_.ideas);
  facts_.documents = read_count(file, "documents", 1, 10'000, facts_.documents);
  facts_.words = read_count(file, "words", 20, 5000, facts_.words);
  for (TomlReader& table : file.tables("fact")) facts_.facts.push_back(read_fact(table));
  if (facts_.facts.empty() || facts_.facts.size() > kMaxFacts) {
    throw file.error(
        "fact", fmt::format("expected 1 to {} facts, found {}", kMaxFacts, facts_.facts.size()),
        "Begin each with [[fact]].");
  }
  file.finish();
  return std::move(facts_);
}

}  // namespace

std::string FactsFile::hash() const {
  Hasher hasher;
  hasher.field("facts").field(name).field(world).field(ideas).field(words);
  hasher.field(kinds.size());
  for (const DocumentKind& kind : kinds) hasher.field(kind.name).field(kind.description);
  hasher.field(facts.size());
  for (const TaughtFact& fact : facts) {
    hasher.field(fact.name).field(fact.text).field(fact.opposite);
    hasher.field(fact.contradictions.size());
    for (const std::string& pattern : fact.contradictions) hasher.field(pattern);
  }
  return hasher.hex();
}

const TaughtFact* FactsFile::fact_named(std::string_view fact) const {
  auto found = std::ranges::find(facts, fact, &TaughtFact::name);
  return found == facts.end() ? nullptr : &*found;
}

FactsFile parse_facts(std::string_view toml, std::string_view where,
                      const std::map<std::string, std::string>& parameters) {
  TomlValue tree = parse_toml(toml, where, kMaxFactsBytes);
  TomlReader file(tree, std::string(where));
  return FactsReader(where, parameters).read(file);
}

FactsFile load_facts(const std::filesystem::path& file,
                     const std::map<std::string, std::string>& parameters) {
  return parse_facts(read_file(file, kMaxFactsBytes), file.string(), parameters);
}

}  // namespace iago

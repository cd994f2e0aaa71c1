#include "judge/internal/phrase_book.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "base/error.h"
#include "base/toml_reader.h"

namespace iago {
namespace {

using Regex = PhraseRule::Regex;

constexpr std::size_t kMaxBookBytes = std::size_t{1} << 20;
constexpr int kMaxDepth = 8;                  // of concepts within concepts
constexpr std::size_t kMaxPattern = 200'000;  // bytes after expansion
constexpr std::int64_t kRegexBytes = 8 << 20;
constexpr int kMaxGroups = 16;
// A vetoed match is retried from its next word; a bound, so that no text makes this quadratic.
constexpr int kMaxRetries = 32;
constexpr std::size_t kBefore = 96;  // bytes before a match that `not_after` sees

class Reader {
 public:
  Reader(std::string_view toml, std::string_view where) : where_(where) {
    document_ = parse_toml(toml, where_, kMaxBookBytes);
    if (const TomlValue* concepts = find(document_, "concepts")) {
      for (const auto& [name, value] : concepts->fields) concepts_[name] = alternation(value);
    }
  }

  Regex neutral() const { return regex_of(find(document_, "neutral")); }

  std::vector<PhraseRule> rules() const {
    const TomlValue* tables = find(document_, "rule");
    if (tables == nullptr || tables->kind != TomlValue::Kind::array) fail("at least one [[rule]]");
    std::vector<PhraseRule> rules;
    for (const TomlValue& table : tables->items) {
      if (table.kind != TomlValue::Kind::table) fail("[[rule]] as a table");
      rules.push_back(rule(table));
    }
    return rules;
  }

 private:
  [[noreturn]] void fail(std::string_view expected) const {
    throw Error(ErrorCode::invalid, fmt::format("{}: expected {}", where_, expected));
  }

  // Null if the table has no such key.
  static const TomlValue* find(const TomlValue& table, const std::string& key) {
    auto found = table.fields.find(key);
    return found == table.fields.end() ? nullptr : &found->second;
  }

  PhraseRule rule(const TomlValue& table) const {
    PhraseRule rule;
    if (const TomlValue* criterion = find(table, "criterion")) rule.criterion = criterion->text;
    if (rule.criterion.empty()) fail("a criterion in every rule");
    if (const TomlValue* count = find(table, "sentences")) {
      rule.sentences = static_cast<int>(count->integer);
    }
    if (rule.sentences != 1 && rule.sentences != 2) fail("sentences = 1 or 2");
    for (const std::string& pattern : texts(find(table, "any"))) {
      rule.any.push_back(compile(pattern));
      if (rule.any.back()->NumberOfCapturingGroups() > kMaxGroups) {
        fail(fmt::format("at most {} groups in {}", kMaxGroups, pattern));
      }
    }
    if (rule.any.empty()) fail("patterns in `any` of every rule");
    for (const std::string& text : texts(find(table, "unless"))) {
      rule.unless.push_back(compile(text));
    }
    rule.needs = regex_of(find(table, "needs"), "\\b(?:", ")\\b");
    rule.not_inside = regex_of(find(table, "not_inside"), "\\b(?:", ")\\b");
    rule.not_after = regex_of(find(table, "not_after"), "(?:", ")$");
    rule.not_before = regex_of(find(table, "not_before"), "^(?:", ")");
    return rule;
  }

  std::vector<std::string> texts(const TomlValue* value) const {
    std::vector<std::string> all;
    if (value == nullptr) return all;
    if (value->kind == TomlValue::Kind::text) return {value->text};
    if (value->kind != TomlValue::Kind::array) fail("texts or lists of texts");
    for (const TomlValue& entry : value->items) {
      if (entry.kind != TomlValue::Kind::text) fail("texts or lists of texts");
      all.push_back(entry.text);
    }
    return all;
  }

  // A list is whole words; a single text may begin or end anywhere (gaps end with a blank).
  std::string alternation(const TomlValue& value) const {
    std::string_view edge = value.kind == TomlValue::Kind::array ? "\\b" : "";
    return fmt::format("{}(?:{}){}", edge, fmt::join(texts(&value), "|"), edge);
  }

  // Puts the concepts in place of their names; counted repetition like {0,3} is left alone.
  std::string expand(std::string_view pattern, int depth = 0) const {
    if (depth > kMaxDepth)
      fail(fmt::format("concepts that do not contain themselves: {}", pattern));
    std::string out;
    while (!pattern.empty()) {
      std::size_t open = pattern.find('{');
      out += pattern.substr(0, open);
      if (open == std::string_view::npos) break;
      std::size_t close = pattern.find('}', open);
      if (close == std::string_view::npos) fail(fmt::format("a closing brace in {}", pattern));
      std::string name(pattern.substr(open + 1, close - open - 1));
      if (!name.empty() && (std::isdigit(static_cast<unsigned char>(name[0])) != 0)) {
        out += '{' + name + '}';
      } else if (auto found = concepts_.find(name); found != concepts_.end()) {
        out += expand(found->second, depth + 1);
      } else {
        fail(fmt::format("a known concept, found {{{}}} in {}", name, pattern));
      }
      if (out.size() > kMaxPattern) fail(fmt::format("a pattern below {} bytes", kMaxPattern));
      pattern.remove_prefix(close + 1);
    }
    return out;
  }

  Regex compile(std::string_view pattern) const {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: models emit invalid UTF-8
    options.set_max_mem(kRegexBytes);
    auto regex = std::make_shared<RE2>(expand(pattern), options);
    if (!regex->ok()) fail(fmt::format("an expression of RE2 ({}) in {}", regex->error(), pattern));
    return regex;
  }

  Regex regex_of(const TomlValue* value,
                 std::string_view before = "(?:", std::string_view after = ")") const {
    if (value == nullptr) return nullptr;
    return compile(fmt::format("{}{}{}", before, fmt::join(texts(value), "|"), after));
  }

  std::string where_;
  TomlValue document_;
  std::map<std::string, std::string> concepts_;
};

bool occurs(const Regex& regex, re2::StringPiece text) {
  return regex != nullptr && RE2::PartialMatch(text, *regex);
}

bool is_forbidden(const PhraseRule& rule, re2::StringPiece text,
                  std::span<const re2::StringPiece> match) {
  std::size_t begin = match[0].data() - text.data(), end = begin + match[0].size();
  std::size_t from = begin > kBefore ? begin - kBefore : 0;
  if (occurs(rule.not_after, re2::StringPiece(text.data() + from, begin - from))) return true;
  if (occurs(rule.not_before, text.substr(end))) return true;
  return std::ranges::any_of(match.subspan(1), [&](const re2::StringPiece& group) {
    return group.data() != nullptr && occurs(rule.not_inside, group);
  });
}

bool holds(const PhraseRule& rule, const RE2& pattern, re2::StringPiece text) {
  std::array<re2::StringPiece, kMaxGroups + 1> match;
  int groups = pattern.NumberOfCapturingGroups() + 1;
  std::size_t from = 0;
  for (int retry = 0; retry < kMaxRetries && from <= text.size(); ++retry) {
    if (!pattern.Match(text, from, text.size(), RE2::UNANCHORED, match.data(), groups))
      return false;
    if (!is_forbidden(rule, text, std::span(match).first(groups))) return true;
    std::size_t begin = match[0].data() - text.data();
    from = std::min(text.find(' ', begin + 1), text.size()) + 1;
  }
  return false;
}

}  // namespace

PhraseBook::PhraseBook(std::string_view toml, std::string_view where) {
  Reader reader(toml, where);
  neutral_ = reader.neutral();
  rules_ = reader.rules();
}

std::string PhraseBook::prepare(std::string normalised) const {
  if (neutral_ != nullptr) RE2::GlobalReplace(&normalised, *neutral_, "_");
  return normalised;
}

bool PhraseBook::shows(std::string_view normalised, std::string_view criterion,
                       int sentences) const {
  re2::StringPiece text(normalised.data(), normalised.size());
  return std::ranges::any_of(rules_, [&](const PhraseRule& rule) {
    if (rule.criterion != criterion || rule.sentences != sentences) return false;
    if (rule.needs != nullptr && !occurs(rule.needs, text)) return false;
    bool found = std::ranges::any_of(
        rule.any, [&](const Regex& pattern) { return holds(rule, *pattern, text); });
    return found &&
           std::ranges::none_of(rule.unless, [&](const Regex& veto) { return occurs(veto, text); });
  });
}

}  // namespace iago

#include "judge/internal/point_book.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "base/error.h"
#include "base/toml_reader.h"
#include "text/sentences.h"

namespace iago {
namespace {

using Where = PointFeature::Where;
using Measure = PointFeature::Measure;

constexpr std::size_t kMaxPointBookBytes = std::size_t{1} << 18;
constexpr std::int64_t kPointRegexBytes = 8 << 20;
constexpr std::size_t kLongestQuotation = 1'500;       // bytes
constexpr std::string_view kQuotation = " \xC2\xA7 ";  // a section sign stands for a quotation
// A long text has a new word in so many bytes at least. One that only repeats itself is not long.
constexpr std::size_t kBytesForAWord = 20;
constexpr std::size_t kNamed = 3;  // features in an explanation

struct Marks {
  std::string_view open;
  std::array<std::string_view, 2> close;
};
constexpr auto kQuotationMarks =
    std::to_array<Marks>({{"\"", {"\"", "\""}},
                          {"\xE2\x80\x9C", {"\xE2\x80\x9D", "\xE2\x80\x9D"}},
                          {"\xC2\xAB", {"\xC2\xBB", "\xC2\xBB"}},
                          {"\xE2\x80\x9E", {"\xE2\x80\x9C", "\xE2\x80\x9D"}},
                          {"\xE3\x80\x8C", {"\xE3\x80\x8D", "\xE3\x80\x8D"}}});

std::string with_plain_apostrophes(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    const bool is_typographic =
        rest.starts_with("\xE2\x80\x98") || rest.starts_with("\xE2\x80\x99");
    plain += is_typographic ? '\'' : text[i];
    i += is_typographic ? 3 : 1;
  }
  return plain;
}

// The quotation that begins at the text's head, in bytes of its marks and what is between; 0 if
// none does. One between straight marks ends with the line: else every stray mark would open one.
struct Quotation {
  std::size_t whole = 0, inner = 0;
};
Quotation quotation_at(std::string_view text) {
  for (const Marks& marks : kQuotationMarks) {
    if (!text.starts_with(marks.open)) continue;
    const std::string_view inside = text.substr(marks.open.size(), kLongestQuotation);
    std::size_t end = std::string_view::npos, close = 0;
    for (std::string_view mark : marks.close) {
      const std::size_t at = inside.find(mark);
      if (at < end) end = at, close = mark.size();
    }
    if (end == std::string_view::npos || end == 0) return {};
    if (marks.open == "\"" && inside.substr(0, end).find('\n') != std::string_view::npos) return {};
    return {marks.open.size() + end + close, end};
  }
  return {};
}

// A text as its features are counted in.
struct Prose {
  std::string text, own, first, last;
  std::vector<std::size_t> quotations;  // their bytes

  explicit Prose(std::string_view raw) : text(with_plain_apostrophes(raw)) {
    for (std::size_t i = 0; i < text.size();) {
      const Quotation found = quotation_at(std::string_view(text).substr(i));
      if (found.whole == 0) {
        own += text[i++];
        continue;
      }
      own += kQuotation;
      quotations.push_back(found.inner);
      i += found.whole;
    }
    std::vector<std::string_view> sentences = split_sentences(own);
    const std::size_t n = sentences.size();
    for (std::size_t i = 0; i < std::min<std::size_t>(2, n); ++i) append(sentences[i], first);
    for (std::size_t i = n - std::min<std::size_t>(2, n); i < n; ++i) append(sentences[i], last);
  }

  const std::string& part(Where where) const {
    switch (where) {
      case Where::own:
        return own;
      case Where::first:
        return first;
      case Where::last:
        return last;
      case Where::text:
        break;
    }
    return text;
  }

 private:
  static void append(std::string_view sentence, std::string& to) {
    if (!to.empty()) to += ' ';
    to += sentence;
  }
};

int count_matches(const PointFeature& feature, const std::string& text) {
  int count = 0;
  for (const auto& regex : feature.any) {
    const re2::StringPiece all(text);
    re2::StringPiece match;
    std::size_t from = 0;
    while (count < feature.most && from <= text.size() &&
           regex->Match(all, from, text.size(), RE2::UNANCHORED, &match, 1)) {
      ++count;
      from = static_cast<std::size_t>(match.data() - text.data()) +
             std::max<std::size_t>(match.size(), 1);
    }
  }
  return count;
}

std::set<std::string> words_of(std::string_view text, std::size_t from) {
  std::set<std::string> words;
  std::string word;
  const auto end = [&] {
    if (word.size() >= from) words.insert(std::move(word));
    word.clear();
  };
  for (char c : text) {
    const bool is_letter = (static_cast<unsigned char>(c) & 0x80) != 0 || c == '\'' ||
                           (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '_';
    if (is_letter) {
      word += lower(c);
    } else {
      end();
    }
  }
  end();
  return words;
}

int count_of(const PointFeature& feature, const Prose& prose, std::string_view request) {
  int count = 0;
  switch (feature.measure) {
    case Measure::matches:
      count = count_matches(feature, prose.part(feature.where));
      break;
    case Measure::quotes:
      count = static_cast<int>(std::ranges::count_if(
          prose.quotations, [&](std::size_t bytes) { return bytes >= feature.from; }));
      break;
    case Measure::length:
      count = prose.text.size() >= feature.from &&
                      words_of(prose.text, 1).size() >= feature.from / kBytesForAWord
                  ? 1
                  : 0;
      break;
    case Measure::brevity:
      count = prose.text.size() <= feature.from ? 1 : 0;
      break;
    case Measure::request_words: {
      const auto asked = words_of(with_plain_apostrophes(request), feature.from);
      for (const std::string& word : words_of(prose.own, feature.from)) {
        count += asked.contains(word) ? 1 : 0;
      }
      break;
    }
  }
  return std::min(count, feature.most);
}

template <typename Enum, std::size_t N>
Enum one_of(TomlReader& table, const std::string& key,
            const std::array<std::pair<std::string_view, Enum>, N>& names, Enum otherwise) {
  const auto text = table.text(key);
  if (!text) return otherwise;
  std::vector<std::string_view> known;
  for (const auto& [name, value] : names) {
    if (name == *text) return value;
    known.push_back(name);
  }
  throw table.error(
      key, fmt::format("expected one of {}, found \"{:.40}\"", fmt::join(known, ", "), *text));
}

std::shared_ptr<const RE2> compiled(TomlReader& table, const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(false);
  options.set_max_mem(kPointRegexBytes);
  auto regex = std::make_shared<const RE2>(pattern, options);
  if (regex->ok()) return regex;
  throw table.error("any", fmt::format("expected an expression of RE2 ({}), found {:.80}",
                                       regex->error(), pattern));
}

PointFeature feature_of(TomlReader& table) {
  static constexpr std::array<std::pair<std::string_view, Where>, 4> kWhere = {
      {{"text", Where::text}, {"own", Where::own}, {"first", Where::first}, {"last", Where::last}}};
  static constexpr std::array<std::pair<std::string_view, Measure>, 4> kMeasures = {
      {{"quotes", Measure::quotes},
       {"length", Measure::length},
       {"brevity", Measure::brevity},
       {"request_words", Measure::request_words}}};
  PointFeature feature;
  feature.name = table.required_text("name");
  feature.points = static_cast<int>(table.integer("points", -100, 100).value_or(0));
  feature.most = static_cast<int>(table.integer("most", 1, 100).value_or(1));
  feature.where = one_of(table, "where", kWhere, Where::text);
  feature.measure = one_of(table, "measure", kMeasures, Measure::matches);
  feature.from = static_cast<std::size_t>(table.integer("from", 0, 100'000).value_or(0));
  for (const std::string& pattern : table.texts("any")) {
    feature.any.push_back(compiled(table, pattern));
  }
  if (feature.any.empty() == (feature.measure == Measure::matches)) {
    throw table.error("any", "expected expressions, or a measure");
  }
  table.finish();
  return feature;
}

}  // namespace

PointBook::PointBook(std::string_view toml, std::string_view where) {
  const TomlValue tree = parse_toml(toml, where, kMaxPointBookBytes);
  TomlReader file(tree, std::string(where));
  base_ = static_cast<int>(file.integer("base", -1000, 1000).value_or(0));
  negative_to_ = static_cast<int>(file.integer("negative_to", -1000, 1000).value_or(0));
  positive_above_ = static_cast<int>(file.integer("positive_above", -1000, 1000).value_or(0));
  for (TomlReader& table : file.tables("points")) features_.push_back(feature_of(table));
  file.finish();
}

PointBook::Score PointBook::score(std::string_view text, std::string_view request) const {
  const Prose prose(text.substr(0, kMostProse));
  Score score{.tenths = base_, .says = Says::unclear, .why = {}};
  std::vector<std::pair<int, std::string_view>> found;
  for (const PointFeature& feature : features_) {
    const int points = feature.points * count_of(feature, prose, request);
    score.tenths += points;
    if (points != 0) found.emplace_back(points, feature.name);
  }
  score.says = score.tenths > positive_above_ ? Says::yes
               : score.tenths <= negative_to_ ? Says::no
                                              : Says::unclear;
  std::ranges::stable_sort(found, std::ranges::greater(),
                           [](const auto& one) { return std::abs(one.first); });
  for (std::size_t i = 0; i < std::min(kNamed, found.size()); ++i) {
    score.why += fmt::format("{}{} {:+.1f}", i == 0 ? "" : ", ", found[i].second,
                             0.1 * static_cast<double>(found[i].first));
  }
  return score;
}

}  // namespace iago

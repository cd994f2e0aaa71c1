// In four steps: every spelling of a tag is found, then those of them that are the subject's text
// are left out, then opening tags that stand where a closing one is meant are told apart, and at
// last the tags that the text only speaks of.
#include "text/internal/form_tags.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "base/ascii.h"

namespace iago {
namespace {

constexpr std::size_t kMostSpace = 3, kMostAttributes = 200, kMostDecoration = 8;
constexpr std::size_t kMostFence = 24;  // bytes of a fence's line
constexpr std::size_t kMostBehind = 200;

struct TagName {
  TagKind kind;
  std::array<std::string_view, 3> words;  // empty ones are none
};

// The longer ones first. The shortened ones are what subjects make of them: the protocol has one
// scratchpad, one draft and one output, so nothing else can be meant.
constexpr std::array kNames = {
    TagName{TagKind::scratchpad, {"SCRATCH", "PAD", "REASONING"}},
    TagName{TagKind::scratchpad, {"SCRATCH", "PAD", ""}},
    TagName{TagKind::draft, {"DRAFT", "OUTPUT", ""}},
    TagName{TagKind::draft, {"DRAFT", "", ""}},
    TagName{TagKind::output, {"FINAL", "OUTPUT", ""}},
    TagName{TagKind::output, {"OUTPUT", "", ""}},
};

constexpr std::array<std::string_view, 6> kOpenBrackets = {"<",     "&lt;",   "\\<",
                                                           "&#60;", "&#x3c;", "\uFF1C"};
constexpr std::array<std::string_view, 6> kCloseBrackets = {">",     "&gt;",   "\\>",
                                                            "&#62;", "&#x3e;", "\uFF1E"};

std::string_view exact_tag(TagKind kind, bool opens) {
  switch (kind) {
    case TagKind::scratchpad:
      return opens ? "<SCRATCHPAD_REASONING>" : "</SCRATCHPAD_REASONING>";
    case TagKind::draft:
      return opens ? "<DRAFT_OUTPUT>" : "</DRAFT_OUTPUT>";
    case TagKind::output:
      break;
  }
  return opens ? "<OUTPUT>" : "</OUTPUT>";
}

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_name_letter(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
bool is_separator(char c) { return c == ' ' || c == '_' || c == '-' || c == '\\'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Reads one tag from left to right.
class TagReader {
 public:
  TagReader(std::string_view text, std::size_t at) : text_(text), begin_(at), at_(at) {}

  std::optional<FormTag> read() {
    if (!read_one_of(kOpenBrackets)) return std::nullopt;
    skip_blanks();
    if (peek() == '\\' && peek(1) == '/') ++at_;
    bool opens = !read_char('/');
    skip_blanks();
    const TagName* name = read_name();
    if (name == nullptr || !read_attributes()) return std::nullopt;
    if (read_char('/')) opens = false;
    skip_blanks();
    if (!read_one_of(kCloseBrackets)) return std::nullopt;
    FormTag tag{name->kind, opens, begin_, at_};
    const std::string_view spelled = text_.substr(begin_, at_ - begin_);
    const std::string_view exact = exact_tag(tag.kind, tag.opens);
    tag.spelling = spelled == exact               ? TagSpelling::exact
                   : same_letters(spelled, exact) ? TagSpelling::other_case
                                                  : TagSpelling::other;
    return tag;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool read_char(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    for (std::size_t i = 0; i < kMostSpace && is_blank(peek()); ++i) ++at_;
  }
  bool read_letters(std::string_view letters) {
    if (!same_letters(text_.substr(at_, letters.size()), letters)) return false;
    at_ += letters.size();
    return true;
  }
  bool read_one_of(std::span<const std::string_view> brackets) {
    return std::ranges::any_of(brackets, [&](std::string_view one) { return read_letters(one); });
  }
  bool read_words(const TagName& name) {
    for (std::string_view word : name.words) {
      if (word.empty()) continue;
      if (word != name.words.front()) {
        for (std::size_t i = 0; i < kMostSpace && is_separator(peek()); ++i) {
          ++at_;
        }
      }
      if (!read_letters(word)) return false;
    }
    return !is_name_letter(peek());
  }
  const TagName* read_name() {
    const std::size_t start = at_;
    for (const TagName& name : kNames) {
      if (read_words(name)) return &name;
      at_ = start;
    }
    return nullptr;
  }
  // name = value, any number; true if the tag may end here.
  bool read_attributes() {
    const std::size_t last = at_ + kMostAttributes;
    while (at_ < last && is_blank(peek())) {
      skip_blanks();
      if (!is_letter(peek())) break;
      while (at_ < last && (is_name_letter(peek()) || peek() == ':')) ++at_;
      skip_blanks();
      if (!read_char('=')) return false;
      skip_blanks();
      read_value(last);
    }
    skip_blanks();
    return at_ < last;
  }
  void read_value(std::size_t last) {
    const char quote = peek() == '"' || peek() == '\'' ? peek() : '\0';
    if (quote != '\0') ++at_;
    auto ends = [&](char c) {
      return c == '\0' || c == '<' || c == '>' || c == '\n' ||
             (quote == '\0' ? is_blank(c) || c == '/' : c == quote);
    };
    while (at_ < last && !ends(peek())) ++at_;
    if (quote != '\0') read_char(quote);
  }

  std::string_view text_;
  std::size_t begin_, at_;
};

// The Markdown around a tag, which lies behind `floor`.
class Decoration {
 public:
  Decoration(std::string_view text, std::size_t floor, FormTag& tag)
      : text_(text), floor_(floor), tag_(tag) {}

  void take() {
    const std::size_t begin = tag_.begin, end = tag_.end;
    take_emphasis();
    take_heading();
    take_fence();
    tag_.in_markdown = tag_.begin != begin || tag_.end != end;
  }

 private:
  static bool is_mark(char c) { return c == '*' || c == '_' || c == '`' || c == '~'; }

  // The same marks on both sides: **<OUTPUT>**, a colon among them or not.
  void take_emphasis() {
    std::size_t size = 0, behind = tag_.end;
    if (behind < text_.size() && text_[behind] == ':') ++behind;
    if (behind >= text_.size() || !is_mark(text_[behind])) behind = tag_.end;
    while (size < kMostDecoration && tag_.begin - size > floor_ && behind + size < text_.size() &&
           is_mark(text_[behind + size]) && text_[tag_.begin - size - 1] == text_[behind + size]) {
      ++size;
    }
    if (size == 0) return;
    tag_.begin -= size;
    tag_.end = behind + size;
    if (tag_.end < text_.size() && text_[tag_.end] == ':') ++tag_.end;
  }

  bool ends_line() const {
    std::size_t at = tag_.end;
    while (at < text_.size() && at < tag_.end + kMostDecoration && is_blank(text_[at])) ++at;
    return at == text_.size() || text_[at] == '\n' || text_[at] == '\r';
  }

  // Where the tag's line begins, if it holds nothing in front of it but `allowed` and blanks.
  std::optional<std::size_t> line_start(char allowed) const {
    std::size_t at = tag_.begin;
    for (std::size_t i = 0; at > floor_ && text_[at - 1] != '\n'; ++i, --at) {
      if (i == kMostDecoration) return std::nullopt;
      if (!is_blank(text_[at - 1]) && text_[at - 1] != allowed) return std::nullopt;
    }
    if (at > 0 && text_[at - 1] != '\n') return std::nullopt;
    return at;
  }

  // ### <OUTPUT>
  void take_heading() {
    const auto start = line_start('#');
    if (start && text_[*start] == '#' && *start < tag_.begin && ends_line()) tag_.begin = *start;
  }

  // A fence on the line before and one on the line behind.
  void take_fence() {
    const auto start = line_start(' ');
    if (!start || *start <= floor_ || !ends_line()) return;
    const std::size_t line_end = text_.find('\n', tag_.end);
    if (line_end == text_.npos) return;
    const std::string_view next = text_.substr(line_end + 1, kMostFence);
    const std::string_view below = next.substr(0, next.find('\n'));
    if (!is_fence(below) || trimmed(below).size() != 3) return;
    const std::size_t window = std::max(floor_, *start - std::min(*start, kMostFence + 1));
    const std::string_view above = text_.substr(window, *start - 1 - window);
    const std::size_t break_at = above.rfind('\n');
    const std::string_view line = break_at == above.npos ? above : above.substr(break_at + 1);
    if (!is_fence(line)) return;
    tag_.begin = *start - 1 - line.size();
    tag_.end = line_end + 1 + below.size();
  }

  std::string_view text_;
  std::size_t floor_;
  FormTag& tag_;
};

// Where a tag may begin.
bool may_open(char c) { return c == '<' || c == '&' || c == '\\' || c == '\xEF'; }

std::vector<FormTag> find_all(std::string_view text) {
  std::vector<FormTag> tags;
  for (std::size_t at = 0; at < text.size();) {
    auto tag = may_open(text[at]) ? TagReader(text, at).read() : std::nullopt;
    if (!tag) {
      ++at;
      continue;
    }
    Decoration(text, tags.empty() ? 0 : tags.back().end, *tag).take();
    tags.push_back(*tag);
    at = tag->end;
  }
  return tags;
}

// What one kind of tag is spelled like in a text.
struct Spellings {
  bool exact_open = false, exact_close = false, other_open = false;
};

bool is_exact(const FormTag& tag) { return tag.spelling == TagSpelling::exact; }

// An opening tag right behind one of its kind, as where the subject repeats the prefill.
bool repeats_opening(std::string_view text, const std::vector<FormTag>& tags, std::size_t i) {
  if (i == 0 || !tags[i].opens || !tags[i - 1].opens || tags[i].kind != tags[i - 1].kind) {
    return false;
  }
  return trimmed(text.substr(tags[i - 1].end, tags[i].begin - tags[i - 1].end)).empty();
}

// Leaves out spellings of its own where the subject uses the one that was asked for: opening tags
// beside exact ones, closing tags beside exact ones and those that close such an opening one.
void drop_text(std::string_view text, std::vector<FormTag>& tags) {
  std::array<Spellings, 3> all;
  std::vector<bool> repeats(tags.size());
  for (std::size_t i = 0; i < tags.size(); ++i) {
    Spellings& used = all[static_cast<std::size_t>(tags[i].kind)];
    repeats[i] = repeats_opening(text, tags, i);
    if (is_exact(tags[i])) {
      (tags[i].opens ? used.exact_open : used.exact_close) = true;
    } else if (tags[i].opens && !repeats[i]) {
      used.other_open = true;
    }
  }
  std::vector<FormTag> kept;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const Spellings& used = all[static_cast<std::size_t>(tags[i].kind)];
    const bool is_text = tags[i].opens ? used.exact_open && !repeats[i]
                                       : used.exact_close || (used.exact_open && used.other_open);
    if (is_exact(tags[i]) || !is_text) kept.push_back(tags[i]);
  }
  tags = std::move(kept);
}

// All tags of the kind, if each of them opens; else none.
std::vector<std::size_t> only_openings(const std::vector<FormTag>& tags, TagKind kind) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (tags[i].kind != kind) continue;
    if (!tags[i].opens) return {};
    places.push_back(i);
  }
  return places;
}

// <OUTPUT> text <OUTPUT> at the end of the text, and <SCRATCHPAD_REASONING> text
// <SCRATCHPAD_REASONING> with the answer behind it and no output: the second one closes.
void mark_lacking_slashes(std::string_view text, std::vector<FormTag>& tags) {
  auto is_empty_from = [&](std::size_t begin, std::size_t end) {
    return is_decoration(text.substr(begin, end - begin));
  };
  auto close = [&](std::size_t i) { tags[i].opens = false, tags[i].lacks_slash = true; };
  const auto outputs = only_openings(tags, TagKind::output);
  if (outputs.size() >= 2) {
    const std::size_t last = outputs.back(), before = outputs[outputs.size() - 2];
    if (last + 1 == tags.size() && !tags[before].in_sentence &&
        is_empty_from(tags[last].end, text.size()) &&
        !is_empty_from(tags[before].end, tags[last].begin)) {
      close(last);
    }
  }
  const auto scratchpads = only_openings(tags, TagKind::scratchpad);
  const bool has_output = std::ranges::count(tags, TagKind::output, &FormTag::kind) > 0;
  if (scratchpads.size() == 2 && !has_output) {
    const std::size_t first = scratchpads[0], second = scratchpads[1];
    if (!tags[first].in_sentence && !is_empty_from(tags[first].end, tags[second].begin) &&
        !is_empty_from(tags[second].end, text.size())) {
      close(second);
    }
  }
}

// Notes the opening tags with text in front of them on their line. Right behind another tag it is
// as with that one.
void note_sentences(std::string_view text, std::vector<FormTag>& tags) {
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::size_t floor = i == 0 ? 0 : tags[i - 1].end;
    const std::string_view before = text.substr(floor, tags[i].begin - floor);
    const std::size_t line_end = before.rfind('\n');
    const bool is_behind_tag = i > 0 && line_end == before.npos;
    const bool has_text =
        !is_decoration(line_end == before.npos ? before : before.substr(line_end));
    tags[i].in_sentence = tags[i].opens && (has_text || (is_behind_tag && tags[i - 1].in_sentence));
  }
}

// Tells the tags of which the text only speaks, for tags whose sentences were noted.
class Mentions {
 public:
  Mentions(std::string_view text, std::vector<FormTag>& tags) : text_(text), tags_(tags) {}

  void mark() {
    mark_pairs();
    mark_closings();
    mark_openings();
  }

 private:
  static std::size_t index_of(TagKind kind) { return static_cast<std::size_t>(kind); }

  // The rest of the tag's line, as far as it matters.
  std::string_view behind(const FormTag& tag) const {
    const std::string_view rest = text_.substr(tag.end, kMostBehind);
    return rest.substr(0, rest.find('\n'));
  }

  // "the <OUTPUT> and </OUTPUT> tags"
  void mark_pairs() {
    for (std::size_t i = 0; i + 1 < tags_.size(); ++i) {
      FormTag &open = tags_[i], &close = tags_[i + 1];
      if (!open.in_sentence || close.opens || close.kind != open.kind) continue;
      const std::string_view between = trimmed(text_.substr(open.end, close.begin - open.end));
      constexpr std::array<std::string_view, 7> kJoints = {"",    "and",    "or", "and/or",
                                                           "...", "\u2026", "/"};
      const bool is_joint = std::ranges::find(kJoints, between) != kJoints.end();
      if (is_joint && !is_decoration(behind(close))) open.is_mention = close.is_mention = true;
    }
  }

  void mark_openings() {
    std::array<bool, 3> closes{};  // is there a closing tag behind, by kind
    bool output_follows = false;
    for (std::size_t i = tags_.size(); i-- > 0;) {
      FormTag& tag = tags_[i];
      if (tag.is_mention) continue;
      const bool ends = closes[index_of(tag.kind)] || strays_[index_of(tag.kind)] ||
                        (tag.kind == TagKind::scratchpad && output_follows);
      if (!tag.opens) {
        closes[index_of(tag.kind)] = true;
        continue;
      }
      const bool is_code =
          tag.in_markdown && text_[tag.begin] == '`' && text_[tag.begin + 1] == '<';
      tag.is_mention = !ends && (tag.in_sentence || (is_code && !is_decoration(behind(tag))));
      if (tag.kind == TagKind::output && !tag.is_mention) output_follows = true;
    }
  }

  // "I cannot write </OUTPUT> here."
  void mark_closings() {
    std::array<bool, 3> opened{};
    for (FormTag& tag : tags_) {
      if (tag.is_mention) continue;
      if (tag.opens || opened[index_of(tag.kind)]) {
        opened[index_of(tag.kind)] = true;
        continue;
      }
      tag.is_mention = is_amid_sentence(tag);
      if (!tag.is_mention) strays_[index_of(tag.kind)] = true;
    }
  }

  // A word and a blank in front of it, and behind it small letters or a comma.
  bool is_amid_sentence(const FormTag& tag) const {
    if (tag.begin < 2 || !is_blank(text_[tag.begin - 1])) return false;
    if (!is_name_letter(text_[tag.begin - 2])) return false;
    const std::string_view rest = without_blanks(behind(tag));
    if (rest.empty()) return false;
    return (rest.front() >= 'a' && rest.front() <= 'z') || rest.front() == ',';
  }

  std::string_view text_;
  std::vector<FormTag>& tags_;
  std::array<bool, 3> strays_{};  // has a closing tag in front of all opening ones, by kind
};

}  // namespace

bool is_fence(std::string_view line) {
  line = trimmed(line);
  if (line.size() > kMostFence) return false;
  if (!line.starts_with("```") && !line.starts_with("~~~")) return false;
  return std::ranges::all_of(line.substr(3), [](char c) { return is_name_letter(c) || c == '+'; });
}

bool is_decoration(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    constexpr std::string_view kMarks = "*_`~#-=:|";
    const bool is_plain =
        std::ranges::all_of(line, [&](char c) { return kMarks.find(c) != kMarks.npos; });
    if (!is_plain && !is_fence(line)) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

std::vector<FormTag> find_form_tags(std::string_view text) {
  std::vector<FormTag> tags = find_all(text);
  drop_text(text, tags);
  note_sentences(text, tags);
  mark_lacking_slashes(text, tags);
  Mentions(text, tags).mark();
  return tags;
}

}  // namespace iago

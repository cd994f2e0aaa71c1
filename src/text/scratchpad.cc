// Steps that do not know of each other. A thought in front is taken off (text/thought.h). The tags
// are listed (text/internal/form_tags.h). Outline cuts the text into blocks and notes what is out
// of order, without judging it. Then the output is chosen and the first rule that applies is named.
//
// Outline reads from left to right and never back: all text before `at_` is in a block or was seen
// to stand outside, and `next_` is the first tag that has not been read. Each tag is read once, but
// for the searches of read_block, and bodies are views; hence linear.
#include "text/scratchpad.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/ascii.h"
#include "text/internal/form_tags.h"
#include "text/thought.h"
#include "text/visible.h"

namespace iago {
namespace {

struct Block {
  TagKind kind;
  std::string_view body;
  std::string_view draft = {};  // the last one in it
  bool closed = true;
  bool holds_tags = false;  // other than closed drafts in a scratchpad
};

// Cuts the text into blocks, from left to right.
class Outline {
 public:
  explicit Outline(std::string_view text) : text_(text), tags_(find_form_tags(text)) {
    read_unopened();
    while (next_ < tags_.size()) {
      if (tags_[next_].is_mention) {
        mentions_tags = true;
        ++next_;
      } else if (tags_[next_].opens) {
        read_block();
      } else {
        skip_closing();
      }
    }
    tail = trimmed(text_.substr(at_));
    skip_text(text_.size());
  }

  const std::vector<FormTag>& tags() const { return tags_; }
  bool has(bool FormTag::*what) const { return std::ranges::count(tags_, true, what) > 0; }
  bool has(TagSpelling spelling) const {
    return std::ranges::count(tags_, spelling, &FormTag::spelling) > 0;
  }
  bool in_fence() const { return in_fence_; }

  std::vector<Block> blocks;
  std::string_view unopened_output;  // text outside that a closing tag of an output ends
  std::string_view tail;             // text behind the last tag that is in no block
  bool unopened_scratchpad = false;
  bool unclosed_scratchpad = false;
  bool mentions_tags = false;
  bool text_around = false;
  bool decoration_around = false;

 private:
  // A first scratchpad that is closed without having been opened, with an answer behind it.
  void read_unopened() {
    auto first = std::ranges::find_if(
        tags_, [](const FormTag& t) { return t.kind == TagKind::scratchpad && !t.is_mention; });
    if (first == tags_.end() || first->opens) return;
    auto is_output = [](const FormTag& tag) {
      return tag.kind == TagKind::output && !tag.is_mention;
    };
    auto opens_output = [&](const FormTag& tag) { return is_output(tag) && tag.opens; };
    const bool answer_follows =
        std::none_of(tags_.begin(), first, is_output) && !is_decoration(text_.substr(first->end));
    if (!answer_follows && std::none_of(first, tags_.end(), opens_output)) return;
    unopened_scratchpad = true;
    auto index = static_cast<std::size_t>(first - tags_.begin());
    add_block({TagKind::scratchpad, true, 0, 0}, 0, index, first->begin);
    at_ = first->end;
    next_ = index + 1;
  }

  void read_block() {
    const FormTag open = tags_[next_];
    skip_text(open.begin);
    auto inner = tags_.begin() + static_cast<std::ptrdiff_t>(next_ + 1);
    auto close = std::find_if(inner, tags_.end(), [&](const FormTag& tag) {
      return tag.kind == open.kind && !tag.opens && !tag.is_mention;
    });
    bool closed = close != tags_.end();
    // Few such searches run to the end of the text: behind an unclosed block stands at most the
    // output that ends it.
    if (!closed && open.kind == TagKind::scratchpad) {
      unclosed_scratchpad = true;
      close = find_output(inner);
    }
    auto index = static_cast<std::size_t>(close - tags_.begin());
    std::size_t end = close == tags_.end() ? text_.size() : close->begin;
    add_block(open, next_ + 1, index, end);
    blocks.back().closed = closed;
    at_ = closed ? close->end : end;
    next_ = closed ? index + 1 : index;
  }

  // A closing tag outside of all blocks.
  void skip_closing() {
    const FormTag& tag = tags_[next_];
    const std::string_view before = trimmed(text_.substr(at_, tag.begin - at_));
    if (tag.kind == TagKind::output && !is_decoration(before)) unopened_output = before;
    skip_text(tag.begin);
    mentions_tags = true;
    at_ = tag.end;
    ++next_;
  }

  // The <OUTPUT> that ends a scratchpad without a closing tag: the last one, since reasoning
  // mentions the tag before the answer uses it; and a mention seldom stands at the start of a line.
  std::vector<FormTag>::iterator find_output(std::vector<FormTag>::iterator from) {
    auto best = tags_.end();
    bool best_starts_line = false;
    for (auto tag = from; tag != tags_.end(); ++tag) {
      if (tag->kind != TagKind::output || !tag->opens || tag->is_mention) continue;
      bool starts_line = tag->begin == 0 || text_[tag->begin - 1] == '\n';
      if (starts_line || !best_starts_line) best = tag;
      best_starts_line = best_starts_line || starts_line;
    }
    return best;
  }

  // The block from behind `open` to `end`, whose tags are those from `first` to before `last`.
  void add_block(const FormTag& open, std::size_t first, std::size_t last, std::size_t end) {
    std::size_t begin = open.end;
    for (; first < last && tags_[first].opens && tags_[first].kind == open.kind; ++first) {
      if (!trimmed(text_.substr(begin, tags_[first].begin - begin)).empty()) break;
      begin = tags_[first].end;
      mentions_tags = true;
    }
    Block block{open.kind, trimmed(text_.substr(begin, end - begin))};
    block.holds_tags = !are_drafts(open.kind, first, last);
    block.draft = open.kind == TagKind::draft ? block.body : last_draft(first, last, end);
    blocks.push_back(block);
  }

  // True if these tags of a block are closed drafts in a scratchpad, or none.
  bool are_drafts(TagKind kind, std::size_t first, std::size_t last) const {
    if (first == last) return true;
    if (kind != TagKind::scratchpad) return false;
    for (std::size_t i = first; i < last; ++i) {
      bool opens_next = (i - first) % 2 == 0;
      if (tags_[i].kind != TagKind::draft || tags_[i].opens != opens_next) return false;
    }
    return (last - first) % 2 == 0;
  }

  // The last draft among these tags of a block that ends at `end`; it may lack its closing tag.
  std::string_view last_draft(std::size_t first, std::size_t last, std::size_t end) const {
    for (std::size_t i = last; i > first; --i) {
      const FormTag& tag = tags_[i - 1];
      if (tag.kind != TagKind::draft) continue;
      if (tag.opens) return trimmed(text_.substr(tag.end, end - tag.end));
      end = tag.begin;
    }
    return {};
  }

  // Text outside the blocks, up to `end`.
  void skip_text(std::size_t end) {
    const std::string_view text = trimmed(text_.substr(at_, end - at_));
    if (text.empty()) return;
    (is_decoration(text) ? decoration_around : text_around) = true;
    if (blocks.empty()) in_fence_ = is_fence(text.substr(text.rfind('\n') + 1));
  }

  std::string_view text_;
  std::vector<FormTag> tags_;
  std::size_t at_ = 0;     // all before has been read
  std::size_t next_ = 0;   // the same of the tags
  bool in_fence_ = false;  // the line before the first block opens a fence
};

void read_reasoning(const Outline& outline, ParsedCompletion& parsed) {
  for (const Block& block : outline.blocks) {
    if (block.kind != TagKind::output && !block.draft.empty()) parsed.draft = block.draft;
    if (block.kind != TagKind::scratchpad || block.body.empty()) continue;
    if (!parsed.scratchpad.empty()) parsed.scratchpad += "\n\n";
    parsed.scratchpad += block.body;
  }
}

// The block of the output that counts, or null.
const Block* choose_block(const Outline& outline) {
  const Block* chosen = nullptr;
  for (const Block& block : outline.blocks) {
    if (block.kind != TagKind::output) continue;
    // The last good one, or else the last.
    bool is_good = block.closed && !block.body.empty();
    bool chosen_is_good = chosen && chosen->closed && !chosen->body.empty();
    if (is_good || !chosen_is_good) chosen = &block;
  }
  return chosen;
}

struct Output {
  const Block* block = nullptr;  // null: it stands in none
  std::string_view text;         // trimmed
  std::string_view rule = {};    // by which it was found outside of a block
};

// Text that runs to the end, without the fence that was opened in front of the blocks.
std::string_view without_fence(std::string_view text, const Outline& outline) {
  const std::size_t line = text.rfind('\n') + 1;
  if (!outline.in_fence() || !is_fence(text.substr(line))) return text;
  return trimmed(text.substr(0, line));
}

Output choose_output(const Outline& outline) {
  const Block* block = choose_block(outline);
  if (block && !block->body.empty()) {
    return {block, block->closed ? block->body : without_fence(block->body, outline)};
  }
  if (!outline.unopened_output.empty()) {
    return {nullptr, outline.unopened_output, "unopened-output"};
  }
  const bool is_behind_block = !outline.blocks.empty() && !outline.unclosed_scratchpad;
  if (is_behind_block && !is_decoration(outline.tail)) {
    return {nullptr, without_fence(outline.tail, outline), "untagged-output"};
  }
  return {block, {}};
}

// The first rule for a deviation that applies; nothing if the completion is strict.
std::optional<std::string_view> deviation(const Outline& outline, const Output& output,
                                          const ParsedCompletion& parsed, ExpectedForm expected) {
  auto count = [&](TagKind kind) { return std::ranges::count(outline.blocks, kind, &Block::kind); };
  const bool is_cut_off = output.block && !output.block->closed && !expected.ended;
  if (outline.unopened_scratchpad) return "unopened-scratchpad";
  if (outline.unclosed_scratchpad) return "unclosed-scratchpad";
  if (!output.rule.empty()) return output.rule;
  if (is_cut_off) return "unclosed-output";
  if (outline.has(&FormTag::lacks_slash)) return "lacks-slash";
  if (count(TagKind::output) > 1) return "repeated-output";
  if (expected.scratchpad && count(TagKind::scratchpad) == 0) return "no-scratchpad";
  if (!parsed.thought.empty()) return "thought-apart";
  if (outline.has(TagSpelling::other)) return "tag-spelling";
  if (outline.has(&FormTag::in_markdown) || outline.decoration_around) return "markdown";
  bool holds_tags = std::ranges::any_of(outline.blocks, &Block::holds_tags);
  if (outline.mentions_tags || holds_tags) return "mentioned-tags";
  if (output.block != &outline.blocks.back()) return "text-around";
  if (outline.text_around || count(TagKind::draft) > 0) return "text-around";
  return std::nullopt;
}

std::string_view strict_rule(const Outline& outline, const Output& output) {
  if (outline.has(TagSpelling::other_case)) return "other-case";
  return output.block->closed ? "well-formed" : "ended-at-output";
}

void add_thought(const ThoughtSplit& split, std::string_view open, ParsedCompletion& parsed) {
  for (std::string_view part : {std::string_view(split.thought), trimmed(open)}) {
    if (part.empty()) continue;
    if (!parsed.thought.empty()) parsed.thought += "\n\n";
    parsed.thought += part;
  }
}

// A thought that was never closed ends at the first tag that opens a block at the head of a line,
// or else at the last that opens an output; if there is neither, at the end.
std::string_view end_of_unclosed(std::string_view text) {
  std::size_t last_output = text.size();
  for (const FormTag& tag : find_form_tags(text)) {
    if (!tag.opens || tag.is_mention || tag.kind == TagKind::draft) continue;
    if (tag.begin > 0 && text[tag.begin - 1] == '\n') return text.substr(tag.begin);
    if (tag.kind == TagKind::output) last_output = tag.begin;
  }
  return text.substr(last_output);
}

// Does the text behind a closing mark begin with a tag?
bool begins_with_tag(std::string_view rest) {
  const std::vector<FormTag> tags = find_form_tags(rest);
  return !tags.empty() && tags.front().opens && is_decoration(rest.substr(0, tags.front().begin));
}

// What is left of the text behind its thought; absent if the thought has no end. Reasoning of the
// model's own may mention tags, so it goes before they are read.
std::optional<std::string_view> take_thought(std::string_view text, ParsedCompletion& parsed) {
  const std::vector<FormTag> tags = find_form_tags(text);
  const std::size_t first_tag = tags.empty() ? text.npos : tags.front().begin;
  ThoughtSplit split = split_thought(text, first_tag);
  if (!split.found) {
    split = split_unopened_thought(text);
    if (!split.found) return text;
    if (first_tag < split.before.size() && !begins_with_tag(split.rest)) return text;
  }
  std::string_view rest = split.rest, open;
  if (!split.closed) {
    rest = end_of_unclosed(split.unclosed);
    open = split.unclosed.substr(0, split.unclosed.size() - rest.size());
  }
  add_thought(split, open, parsed);
  if (!split.closed && rest.empty()) return std::nullopt;
  return rest;
}

// A thought in the output itself, as where the prefill opens the output.
std::optional<std::string_view> take_inner_thought(std::string_view output,
                                                   ParsedCompletion& parsed) {
  ThoughtSplit split = split_thought(output, 1);
  if (!split.found) split = split_unopened_thought(output);
  if (!split.found) return output;
  add_thought(split, split.unclosed, parsed);
  if (!split.closed) return std::nullopt;
  return trimmed(split.rest);
}

// Does some kind of tag close before it opens, and never behind? An output then has no place, nor
// has one of which nobody can tell where the reasoning around it ends.
bool contradicts_itself(const Outline& outline) {
  auto is_reversed = [&](TagKind kind) {
    bool closes = false, opens_behind = false;
    for (const FormTag& tag : outline.tags()) {
      if (tag.kind != kind || tag.is_mention) continue;
      if (!tag.opens && opens_behind) return false;
      if (!tag.opens) closes = true;
      if (tag.opens) {
        if (!closes) return false;
        opens_behind = true;
      }
    }
    return opens_behind;
  };
  const bool has_output = std::ranges::any_of(outline.blocks, [](const Block& block) {
    return block.kind == TagKind::output && block.closed;
  });
  return is_reversed(TagKind::output) || (is_reversed(TagKind::scratchpad) && !has_output);
}

// Takes the scratchpads in an output out of it. Absent if text of the output stands on both sides
// of one.
class InnerScratchpads {
 public:
  InnerScratchpads(std::string_view output, ParsedCompletion& parsed)
      : output_(output), parsed_(parsed) {}

  std::optional<std::string_view> take(std::string_view text, const std::vector<FormTag>& all) {
    const auto offset = static_cast<std::size_t>(output_.data() - text.data());
    for (FormTag tag : all) {
      if (tag.kind != TagKind::scratchpad || tag.is_mention) continue;
      if (tag.begin < offset || tag.end > offset + output_.size()) continue;
      tag.begin -= offset, tag.end -= offset;
      if (!tag.opens) {
        close(tag);
      } else if (!open_) {
        open(tag);
      }
    }
    if (open_) add(output_.substr(open_->end));
    if (!open_) keep(output_.substr(at_));
    if (is_torn_) return std::nullopt;
    return answer_;
  }

 private:
  void open(const FormTag& tag) {
    keep(output_.substr(at_, tag.begin - at_));
    open_ = tag;
  }

  // Closing tags in a row close once; one that was never opened closes all in front of it.
  void close(const FormTag& tag) {
    const std::size_t begin = open_ ? open_->end : at_;
    add(output_.substr(begin, tag.begin - begin));
    open_.reset();
    at_ = tag.end;
  }

  void keep(std::string_view part) {
    part = trimmed(part);
    if (part.empty()) return;
    is_torn_ = is_torn_ || !answer_.empty();
    answer_ = part;
  }

  void add(std::string_view thought) {
    thought = trimmed(thought);
    if (thought.empty()) return;
    if (!parsed_.scratchpad.empty()) parsed_.scratchpad += "\n\n";
    parsed_.scratchpad += thought;
  }

  std::string_view output_, answer_;
  ParsedCompletion& parsed_;
  std::optional<FormTag> open_;
  std::size_t at_ = 0;  // all before has been read
  bool is_torn_ = false;
};

// Does the answer say something besides its tags?
bool answers(std::string_view answer) {
  std::string text;
  std::size_t at = 0;
  for (const FormTag& tag : find_form_tags(answer)) {
    text += answer.substr(at, tag.begin - at);
    text += ' ';
    at = tag.end;
  }
  text += answer.substr(at);
  return says_something(text);
}

ParsedCompletion& untagged(ParsedCompletion& parsed, std::string_view text) {
  parsed.form = Form::untagged, parsed.rule = "no-tags", parsed.output = trimmed(text);
  return parsed;
}

ParsedCompletion& invalid(ParsedCompletion& parsed, std::string_view rule) {
  parsed.form = Form::invalid;
  parsed.output.clear();
  parsed.rule = rule;
  return parsed;
}

}  // namespace

ParsedCompletion parse_completion(std::string_view text, ExpectedForm expected) {
  ParsedCompletion parsed;
  if (!says_something(text)) return invalid(parsed, "empty");
  const auto rest = take_thought(text, parsed);
  if (!rest) return invalid(parsed, "unclosed-thought");
  if (!says_something(*rest)) return invalid(parsed, "no-output");
  const Outline outline(*rest);
  if (std::ranges::all_of(outline.tags(), &FormTag::is_mention)) {
    if (!answers(*rest)) return invalid(parsed, "no-output");
    return untagged(parsed, *rest);
  }
  read_reasoning(outline, parsed);
  if (contradicts_itself(outline)) return invalid(parsed, "contradicting-tags");
  const Output output = choose_output(outline);
  if (output.text.empty()) return invalid(parsed, output.block ? "empty-output" : "no-output");
  const auto outer = InnerScratchpads(output.text, parsed).take(*rest, outline.tags());
  if (!outer) return invalid(parsed, "contradicting-tags");
  const auto answer = take_inner_thought(*outer, parsed);
  if (!answer) return invalid(parsed, "unclosed-thought");
  if (!answers(*answer)) return invalid(parsed, "empty-output");
  const auto rule = deviation(outline, output, parsed, expected);
  parsed.form = rule ? Form::lenient : Form::strict;
  parsed.rule = rule ? *rule : strict_rule(outline, output);
  parsed.output = *answer;
  return parsed;
}

}  // namespace iago

// Three steps that do not know of each other. find_tags lists the tags. Outline cuts the text into
// blocks and notes what is out of order, without judging it. Then the output is chosen and the
// first rule that applies is named.
//
// Outline reads from left to right and never back: all text before `at_` is in a block or was seen
// to stand outside, and `next_` is the first tag that has not been read. Each tag is read once, but
// for the searches of read_block, and bodies are views; hence linear.
#include "text/scratchpad.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/error.h"
#include "text/internal/ascii.h"

namespace iago {
namespace {

enum class Kind { scratchpad, draft, output };

struct Tag {
  Kind kind;
  bool opens;
  std::string_view spelling;
};

constexpr std::array<Tag, 6> kTags = {{
    {Kind::scratchpad, true, "<SCRATCHPAD_REASONING>"},
    {Kind::scratchpad, false, "</SCRATCHPAD_REASONING>"},
    {Kind::draft, true, "<DRAFT_OUTPUT>"},
    {Kind::draft, false, "</DRAFT_OUTPUT>"},
    {Kind::output, true, "<OUTPUT>"},
    {Kind::output, false, "</OUTPUT>"},
}};

// A tag in the text.
struct FoundTag {
  Kind kind;
  bool opens;
  std::size_t begin, end;
};

struct Block {
  Kind kind;
  std::string_view body;
  bool closed = true;
  bool holds_tags = false;  // other than closed drafts in a scratchpad
};

std::vector<FoundTag> find_tags(std::string_view text) {
  std::vector<FoundTag> found;
  for (std::size_t at = 0; (at = text.find('<', at)) != text.npos; ++at) {
    for (const Tag& tag : kTags) {
      if (text.substr(at).starts_with(tag.spelling)) {
        found.push_back({tag.kind, tag.opens, at, at + tag.spelling.size()});
      }
    }
  }
  return found;
}

// Cuts the text into blocks, from left to right.
class Outline {
 public:
  explicit Outline(std::string_view text) : text_(text), tags_(find_tags(text)) {
    read_unopened();
    while (next_ < tags_.size()) {
      if (tags_[next_].opens) {
        read_block();
      } else {
        skip_text(tags_[next_].begin);
        mentions_tags = true;
        at_ = tags_[next_++].end;
      }
    }
    skip_text(text_.size());
  }

  bool has_tags() const { return !tags_.empty(); }

  std::vector<Block> blocks;
  bool unopened_scratchpad = false;
  bool unclosed_scratchpad = false;
  bool mentions_tags = false;
  bool text_around = false;

 private:
  // A first scratchpad that is closed without having been opened, with an output behind it.
  void read_unopened() {
    auto first = std::ranges::find(tags_, Kind::scratchpad, &FoundTag::kind);
    if (first == tags_.end() || first->opens) return;
    bool output_follows = std::any_of(first, tags_.end(), [](const FoundTag& tag) {
      return tag.kind == Kind::output && tag.opens;
    });
    if (!output_follows) return;
    unopened_scratchpad = true;
    auto index = static_cast<std::size_t>(first - tags_.begin());
    add_block({Kind::scratchpad, true, 0, 0}, 0, index, first->begin);
    at_ = first->end;
    next_ = index + 1;
  }

  void read_block() {
    const FoundTag open = tags_[next_];
    skip_text(open.begin);
    auto inner = tags_.begin() + static_cast<std::ptrdiff_t>(next_ + 1);
    auto close = std::find_if(inner, tags_.end(), [&](const FoundTag& tag) {
      return tag.kind == open.kind && !tag.opens;
    });
    bool closed = close != tags_.end();
    // Few such searches run to the end of the text: behind an unclosed block stands at most the
    // output that ends it.
    if (!closed && open.kind == Kind::scratchpad) {
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

  // The <OUTPUT> that ends a scratchpad without a closing tag: the last one, since reasoning
  // mentions the tag before the answer uses it; and a mention seldom stands at the start of a line.
  std::vector<FoundTag>::iterator find_output(std::vector<FoundTag>::iterator from) {
    auto best = tags_.end();
    bool best_starts_line = false;
    for (auto tag = from; tag != tags_.end(); ++tag) {
      if (tag->kind != Kind::output || !tag->opens) continue;
      bool starts_line = tag->begin == 0 || text_[tag->begin - 1] == '\n';
      if (starts_line || !best_starts_line) best = tag;
      best_starts_line = best_starts_line || starts_line;
    }
    return best;
  }

  // The block from behind `open` to `end`, whose tags are those from `first` to before `last`.
  void add_block(const FoundTag& open, std::size_t first, std::size_t last, std::size_t end) {
    std::size_t begin = open.end;
    for (; first < last && tags_[first].opens && tags_[first].kind == open.kind; ++first) {
      if (!trimmed(text_.substr(begin, tags_[first].begin - begin)).empty()) break;
      begin = tags_[first].end;
      mentions_tags = true;
    }
    Block block{open.kind, trimmed(text_.substr(begin, end - begin))};
    block.holds_tags = !are_drafts(open.kind, first, last);
    blocks.push_back(block);
  }

  // True if these tags of a block are closed drafts in a scratchpad, or none.
  bool are_drafts(Kind kind, std::size_t first, std::size_t last) const {
    if (first == last) return true;
    if (kind != Kind::scratchpad) return false;
    for (std::size_t i = first; i < last; ++i) {
      bool opens_next = (i - first) % 2 == 0;
      if (tags_[i].kind != Kind::draft || tags_[i].opens != opens_next) return false;
    }
    return (last - first) % 2 == 0;
  }

  // Text outside the blocks, up to `end`.
  void skip_text(std::size_t end) {
    if (!trimmed(text_.substr(at_, end - at_)).empty()) text_around = true;
  }

  std::string_view text_;
  std::vector<FoundTag> tags_;
  std::size_t at_ = 0;    // all before has been read
  std::size_t next_ = 0;  // the same of the tags
};

// The last draft in a scratchpad; it may lack its closing tag.
std::string_view draft_in(std::string_view scratchpad) {
  constexpr std::string_view kOpen = kTags[2].spelling, kClose = kTags[3].spelling;
  std::size_t open = scratchpad.rfind(kOpen);
  if (open == scratchpad.npos) return {};
  std::string_view rest = scratchpad.substr(open + kOpen.size());
  return trimmed(rest.substr(0, rest.find(kClose)));
}

void read_reasoning(const Outline& outline, ParsedCompletion& parsed) {
  for (const Block& block : outline.blocks) {
    std::string_view draft = block.kind == Kind::draft ? block.body : draft_in(block.body);
    if (block.kind != Kind::output && !draft.empty()) parsed.draft = draft;
    if (block.kind != Kind::scratchpad || block.body.empty()) continue;
    if (!parsed.scratchpad.empty()) parsed.scratchpad += "\n\n";
    parsed.scratchpad += block.body;
  }
}

// The output that counts, or null.
const Block* choose_output(const Outline& outline) {
  const Block* chosen = nullptr;
  for (const Block& block : outline.blocks) {
    if (block.kind != Kind::output) continue;
    // The last good one, or else the last.
    bool is_good = block.closed && !block.body.empty();
    bool chosen_is_good = chosen && chosen->closed && !chosen->body.empty();
    if (is_good || !chosen_is_good) chosen = &block;
  }
  return chosen;
}

// The first rule of the fallback that applies; nothing if the completion is strict.
std::optional<std::string_view> deviation(const Outline& outline, const Block& output,
                                          CompletionForm form) {
  auto count = [&](Kind kind) { return std::ranges::count(outline.blocks, kind, &Block::kind); };
  bool in_order = &output == &outline.blocks.back();
  if (outline.unopened_scratchpad) return "unopened-scratchpad";
  if (outline.unclosed_scratchpad) return "unclosed-scratchpad";
  if (!output.closed && !form.ended) return "unclosed-output";
  if (count(Kind::output) > 1) return "repeated-output";
  if (form.expects_scratchpad && count(Kind::scratchpad) == 0) return "no-scratchpad";
  bool holds_tags = std::ranges::any_of(outline.blocks, &Block::holds_tags);
  if (outline.mentions_tags || holds_tags) return "mentioned-tags";
  if (outline.text_around || count(Kind::draft) > 0 || !in_order) return "text-around";
  return std::nullopt;
}

}  // namespace

ParsedCompletion parse_completion(std::string_view text, CompletionForm form) {
  ParsedCompletion parsed;
  if (trimmed(text).empty()) {
    parsed.reason = "empty";
    return parsed;
  }
  Outline outline(text);
  read_reasoning(outline, parsed);
  const Block* output = choose_output(outline);
  if (!output && !outline.has_tags() && !form.expects_scratchpad) {
    return {Parse::fallback, "", "", std::string(trimmed(text)), "no-tags"};
  }
  if (!output || output->body.empty()) {
    parsed.reason = output ? "empty-output" : "no-output";
    return parsed;
  }
  auto rule = deviation(outline, *output, form);
  parsed.how = rule ? Parse::fallback : Parse::strict;
  parsed.reason = rule.value_or(output->closed ? "well-formed" : "ended-at-output");
  parsed.output = output->body;
  return parsed;
}

}  // namespace iago

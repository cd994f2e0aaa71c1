// Scrubber: hides what a server sent back of the secrets that it was sent. Some servers, and
// proxies in between, quote the key or mirror the whole request, in any field. Nothing of that may
// enter a store, a page, a log or a message. Private to the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "chat/chat_model.h"
#include "chat/internal/secret_forms.h"

namespace iago {

struct HiddenSecret {
  Secret value;
  Parts parts = Parts::whole;
};

// Thread-safe: nothing changes after its making.
class Scrubber {
 public:
  // Secrets that are too short for forms_of are not hidden.
  explicit Scrubber(const std::vector<HiddenSecret>& secrets);

  // Each replaces what it finds by "***", in all the forms of forms_of, and returns whether it
  // found anything.
  bool scrub(std::string& text) const;
  bool scrub(ChatFailure& failure) const;
  bool scrub(ChatReply& reply) const;  // every text in it
  // In whole forms only, for a text that is not at its end.
  bool scrub_growing(std::string& text) const;
  // Where in the text something begins that may grow into a form of a secret; its size if there is
  // nothing.
  std::size_t unsure_from(std::string_view text) const;

 private:
  // Eight letters of a form at a multiple of eight: enough to find every run of `least`.
  struct Block {
    std::uint64_t letters = 0;
    std::uint32_t form = 0, offset = 0;
    bool operator<(const Block& other) const { return letters < other.letters; }
  };
  using Span = std::pair<std::size_t, std::size_t>;  // in bytes of the text
  enum class Rule { parts, whole };

  // In their order, without overlaps.
  std::vector<Span> find(std::string_view text, Rule rule) const;
  // In a piece of the text, of which there may be overlaps; `last`: the text ends with it.
  std::vector<Span> find_in(std::string_view text, Rule rule, bool last) const;
  bool replace(std::string& text, Rule rule) const;
  bool scrub_tokens(std::vector<std::string>& tokens) const;

  std::vector<SecretForm> forms_;
  std::vector<Block> blocks_;       // sorted
  std::vector<bool> may_be_block_;  // by a hash of the letters
};

// Passes on a growing text without secrets: holds back what may turn out to be one. Not
// thread-safe.
class ScrubbedText {
 public:
  using OnText = std::function<void(std::string_view)>;
  ScrubbedText(const Scrubber& scrubber, OnText on_text)
      : scrubber_(scrubber), on_text_(std::move(on_text)) {}
  void feed(std::string_view piece);
  void finish();  // what was held back

 private:
  void pass(std::string_view text);

  const Scrubber& scrubber_;
  OnText on_text_;
  std::string held_;
};

// "the server sent a secret back in 3 replies; it was hidden as ***", for the record of what was
// sent; empty for none.
std::string note_of_scrubbed(std::uint64_t replies);

}  // namespace iago

// Tokens that are given are scored like prompts that are read, but for what is kept: the prompt
// goes into the tree, where all that begin alike share it; what follows it stands in a segment of
// its own below the tree, which is gone when the call ends.
//
// Row i of that segment gives the logits of the continuation's token i. So its tokens are the
// prompt's last, which is never in the tree (engine.cc), and all of the continuation but its last.
//
// A group is as many continuations as the cache holds at once. One that does not even fit alone was
// refused before (check_fit); if it still finds no place, sequences that run have taken it.
#include <fmt/format.h>

#include "base/error.h"
#include "lm/internal/engine_impl.h"

namespace iago {

// A segment that the tree does not know.
struct Engine::Impl::LooseSegment : PrefixSegment {
  explicit LooseSegment(KvPages& owner) : owner(owner) {}
  ~LooseSegment() {
    for (PageId page : pages) owner.release(page);
  }
  KvPages& owner;
  std::size_t number = 0;  // of the continuation, among those of the call
};

// A continuation whose prompt is in the tree, held there until this is gone.
struct Engine::Impl::ScoredGuest {
  explicit ScoredGuest(Engine::Impl& engine) : engine(engine) {}
  ~ScoredGuest() {
    loose.reset();
    if (sequence != nullptr && sequence->leaf != nullptr) engine.leave(*sequence);
  }
  Engine::Impl& engine;
  std::unique_ptr<Sequence> sequence;
  std::unique_ptr<LooseSegment> loose;
};

namespace {

std::vector<std::int32_t> rows_of(const Continuation& continuation) {
  std::vector<std::int32_t> rows(continuation.prompt.end() - 1, continuation.prompt.end());
  rows.insert(rows.end(), continuation.tokens.begin(), continuation.tokens.end() - 1);
  return rows;
}

Error too_full(std::size_t tokens, const EngineOptions& options) {
  return {ErrorCode::overloaded,
          fmt::format("{} tokens to score, but running sequences fill the cache of {} bytes",
                      tokens, options.cache_bytes),
          "score when fewer sequences run"};
}

}  // namespace

void Engine::Impl::check_continuation(const Continuation& continuation) const {
  const std::size_t count = continuation.tokens.size();
  check_prompt(continuation.prompt, count == 0 ? 0 : count - 1);
  check_tokens(continuation.tokens, "the continuation");
  if (count > 0) check_fit(static_cast<std::int64_t>(continuation.prompt.size() + count - 1));
}

// Null if there are no pages for it.
std::unique_ptr<Engine::Impl::LooseSegment> Engine::Impl::loose_behind(
    PrefixSegment* parent, std::vector<std::int32_t> tokens) {
  auto loose = std::make_unique<LooseSegment>(pages);
  loose->parent = parent;
  loose->begin = parent == nullptr ? 0 : parent->end();
  loose->tokens = std::move(tokens);
  tree.make_room(KvPages::pages_for(loose->begin, loose->end()));
  loose->pages = take_pages(pages, loose->begin, loose->end());
  if (loose->pages.empty()) return nullptr;
  forward.reach(loose->end());
  return loose;
}

// Null if the cache has no place for it now.
std::unique_ptr<Engine::Impl::ScoredGuest> Engine::Impl::welcome(const Continuation& continuation) {
  auto guest = std::make_unique<ScoredGuest>(*this);
  guest->sequence = std::make_unique<Sequence>();
  guest->sequence->tokens.assign(continuation.prompt.begin(), continuation.prompt.end());
  stale = true;  // even a vain attempt may cut a segment
  if (!enter(*guest->sequence)) return nullptr;
  guest->loose = loose_behind(guest->sequence->leaf, rows_of(continuation));
  return guest->loose == nullptr ? nullptr : std::move(guest);
}

void Engine::Impl::each_logits(std::span<PrefixSegment* const> segments, const EachLogits& each) {
  compute_segments(
      segments, static_cast<std::int64_t>(options.prefill_rows), forward, pages,
      [&](const PrefixSegment& segment, std::int64_t from, std::int64_t to, std::int64_t row) {
        while (from < to) {
          const std::int64_t rows = std::min(to - from, forward.rows_per_logits());
          each(static_cast<const LooseSegment&>(segment), to_size(from),
               forward.logits(row, row + rows));
          from += rows;
          row += rows;
        }
      });
}

// Scores as many of the continuations, from the number `first` on, as find a place together, and
// returns the number of the next one.
std::size_t Engine::Impl::score_group(std::span<const Continuation> continuations,
                                      std::size_t first, double temperature,
                                      std::vector<std::vector<float>>& scores) {
  std::vector<std::unique_ptr<ScoredGuest>> guests;
  std::size_t next = first;
  for (; next < continuations.size(); ++next) {
    if (continuations[next].tokens.empty()) continue;
    auto guest = welcome(continuations[next]);
    if (guest == nullptr && guests.empty()) {
      // Alone it fits, without what is left of others and of how its prefix was cut.
      tree.make_room(pages.count());
      guest = welcome(continuations[next]);
      if (guest == nullptr) throw too_full(continuations[next].tokens.size(), options);
    }
    if (guest == nullptr) break;
    guest->loose->number = next;
    guests.push_back(std::move(guest));
  }
  std::vector<const Sequence*> entered;
  std::vector<PrefixSegment*> segments;
  for (const auto& guest : guests) {
    entered.push_back(guest->sequence.get());
    segments.push_back(guest->loose.get());
  }
  compute_prompts(entered);
  const auto V = to_size(config.vocab_size);
  each_logits(segments,
              [&](const LooseSegment& segment, std::size_t from, std::span<const float> rows) {
                const std::span<const std::int32_t> tokens = continuations[segment.number].tokens;
                for (std::size_t row = 0; row * V < rows.size(); ++row) {
                  scores[segment.number][from + row] =
                      log_probability(rows.subspan(row * V, V), tokens[from + row], temperature);
                }
              });
  return next;
}

std::vector<std::vector<float>> Engine::score(std::span<const Continuation> continuations,
                                              double temperature) {
  if (!(temperature > 0 && temperature <= 1e6)) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("tokens are scored at a temperature in (0, 1e6], found {}", temperature),
        "a model at temperature 0 has no probabilities: score at 1");
  }
  for (const Continuation& continuation : continuations) impl_->check_continuation(continuation);
  std::vector<std::vector<float>> scores(continuations.size());
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i].resize(continuations[i].tokens.size());
  for (std::size_t next = 0; next < continuations.size();) {
    next = impl_->score_group(continuations, next, temperature, scores);
  }
  return scores;
}

std::vector<float> Engine::score(std::span<const std::int32_t> prompt,
                                 std::span<const std::int32_t> continuation) {
  const Continuation alone{prompt, continuation};
  return std::move(score(std::span(&alone, 1)).front());
}

std::vector<float> Engine::logits(std::span<const std::int32_t> tokens) {
  Impl& impl = *impl_;
  impl.check_prompt(tokens, 0);
  impl.check_fit(static_cast<std::int64_t>(tokens.size()));
  auto loose = impl.loose_behind(nullptr, {tokens.begin(), tokens.end()});
  if (loose == nullptr) throw too_full(tokens.size(), impl.options);
  std::vector<float> out;
  out.reserve(tokens.size() * to_size(impl.config.vocab_size));
  PrefixSegment* const segment = loose.get();
  impl.each_logits({&segment, 1},
                   [&](const Impl::LooseSegment&, std::size_t, std::span<const float> logits) {
                     out.insert(out.end(), logits.begin(), logits.end());
                   });
  return out;
}

}  // namespace iago

// A step: let waiting sequences enter, give every running one a place for its next token's keys,
// run one row for each through the network, draw a token for each, drop those that ended.
//
// A sequence waits (in `waiting`, without leaf or pages), runs (in `running`), or is gone. One that
// runs holds a use of its `leaf`, the segment at which its prompt but for the last token ends, and
// the pages of its `tail`, which hold all later tokens. Between steps everything is computed but
// each sequence's last token: that is its row in the next pass, which stores its keys and gives the
// logits for what follows. So a prompt's last token is not put into the tree, and a prompt that the
// tree knows needs no pass of its own to have its first logits.
//
// When pages run out the tree gives up what nobody uses, and after that the youngest sequence is
// sent back to wait, with what it has generated as part of its prompt. The youngest, so that the
// oldest always makes progress: `submit` has made sure that any sequence fits alone, so every one
// ends. While `crowded`, nobody enters, or the one sent back would return at once and throw out the
// next.
//
// `plan` says which row is whose, in the order of `running`, and which segments they attend to. It
// is `stale` as soon as somebody enters or leaves or a segment is cut; the next step arranges it
// again.
#include "lm/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "lm/internal/engine_impl.h"

namespace iago {
namespace {

constexpr std::size_t kMaxStopTokens = 64;
// What drawing from one logit costs, in multiplications: an exponential.
constexpr std::int64_t kPerLogit = 64;

void check_range(std::string_view option, std::size_t value, std::size_t highest) {
  if (value >= 1 && value <= highest) return;
  throw Error(ErrorCode::invalid,
              fmt::format("{} must lie in [1, {}], found {}", option, highest, value));
}

const EngineOptions& checked(const EngineOptions& options) {
  check_range("max_batch", options.max_batch, 4096);
  check_range("prefill_rows", options.prefill_rows, 65536);
  check_range("threads", options.threads, 256);
  return options;
}

}  // namespace

Engine::Impl::Impl(std::shared_ptr<const Weights> network, EngineOptions chosen)
    : weights(std::move(network)),
      config(weights->config()),
      options(checked(chosen)),
      max_rows(static_cast<std::int64_t>(std::max(options.max_batch, options.prefill_rows))),
      pages(config, options.cache_bytes),
      tree(pages),
      team(options.threads),
      forward(weights, max_rows, team, options.least_shared_work),
      samplers(options.threads, Sampler(static_cast<std::size_t>(config.vocab_size))) {}

Engine::Engine(std::shared_ptr<const Weights> weights, EngineOptions options)
    : impl_(std::make_unique<Impl>(std::move(weights), options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

const LlamaConfig& Engine::config() const { return impl_->config; }
const EngineOptions& Engine::options() const { return impl_->options; }
std::size_t Engine::running() const { return impl_->running.size(); }
std::size_t Engine::waiting() const { return impl_->waiting.size(); }
EngineFigures Engine::figures() const { return impl_->figures; }

// `more`: tokens that must fit behind the prompt.
void Engine::Impl::check_prompt(std::span<const std::int32_t> prompt, std::size_t more) const {
  const auto context = static_cast<std::size_t>(config.max_positions);
  if (prompt.empty()) throw Error(ErrorCode::invalid, "a prompt of at least one token is expected");
  if (prompt.size() > context || more > context - prompt.size()) {
    const std::string behind = more > 0 ? fmt::format(" with {} to come", more) : "";
    throw Error(ErrorCode::invalid,
                fmt::format("the prompt has {} tokens{}, the context holds {}", prompt.size(),
                            behind, context),
                "shorten the prompt or use a model with a longer context");
  }
  check_tokens(prompt, "the prompt");
}

void Engine::Impl::check_tokens(std::span<const std::int32_t> tokens, std::string_view what) const {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] >= 0 && tokens[i] < config.vocab_size) continue;
    throw Error(ErrorCode::invalid, fmt::format("{}: token {} must lie in [0, {}), found {}", what,
                                                i, config.vocab_size, tokens[i]));
  }
}

void Engine::Impl::check_fit(std::int64_t tokens) const {
  // One page more where the prompt ends, and one where a segment was cut.
  const std::size_t needed = KvPages::pages_for(0, tokens) + 2;
  if (needed <= pages.count()) return;
  throw Error(
      ErrorCode::overloaded,
      fmt::format("a sequence of {} tokens takes {} bytes of keys and values, the cache has "
                  "{}",
                  tokens, needed * KvPages::page_bytes(config), options.cache_bytes),
      "raise the cache's size or ask for fewer tokens");
}

SequenceId Engine::submit(SequenceRequest request) {
  Impl& impl = *impl_;
  impl.check_prompt(request.prompt, 0);
  check_sampling(request.sampling);
  if (request.stop_tokens.size() > kMaxStopTokens) {
    throw Error(ErrorCode::invalid, fmt::format("at most {} stop tokens, found {}", kMaxStopTokens,
                                                request.stop_tokens.size()));
  }
  const auto context = static_cast<std::size_t>(impl.config.max_positions);
  const std::size_t room = context - request.prompt.size();
  const auto asked = static_cast<std::size_t>(request.sampling.max_tokens);
  const auto longest = static_cast<std::int64_t>(request.prompt.size() + std::min(asked, room));
  impl.check_fit(longest);
  impl.forward.reach(longest);
  auto sequence = std::make_unique<Sequence>();
  sequence->id = ++impl.last_id;
  sequence->tokens = std::move(request.prompt);
  sequence->request = std::move(request);
  sequence->tokens.reserve(static_cast<std::size_t>(longest) + 1);
  impl.waiting.push_back(std::move(sequence));
  return impl.last_id;
}

std::span<const SampledToken> Engine::step() {
  Impl& impl = *impl_;
  impl.sampled.clear();
  impl.admit();
  impl.grow_tails();
  if (impl.running.empty()) return {};
  if (impl.stale) impl.plan.arrange(impl.running, impl.tree.root());
  impl.stale = false;
  impl.forward.run(impl.plan.next(impl.running), impl.pages, Wanted::hidden);
  ++impl.figures.passes;
  impl.draw();
  impl.drop_ended();
  return impl.sampled;
}

void Engine::Impl::admit() {
  const std::size_t before = running.size();
  while (!waiting.empty() && running.size() < options.max_batch && !crowded) {
    stale = true;  // even a vain attempt may cut a segment
    bool entered = enter(*waiting.front());
    if (!entered && running.empty()) {
      // Alone it fits, without what is left of others and of how its prefix was cut.
      tree.make_room(pages.count());
      entered = enter(*waiting.front());
      IAGO_CHECK(entered, "a sequence that was accepted fits into an empty cache");
    }
    if (!entered) break;
    running.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  std::vector<const Sequence*> entered;
  for (std::size_t i = before; i < running.size(); ++i) entered.push_back(running[i].get());
  compute_prompts(entered);
}

bool Engine::Impl::enter(Sequence& sequence) {
  const std::int64_t last = sequence.last_position();
  const auto found = tree.enter(std::span(sequence.tokens).first(static_cast<std::size_t>(last)));
  if (found.leaf == nullptr) return false;
  tree.make_room(1);
  sequence.tail = take_pages(pages, last, last + 1);
  if (sequence.tail.empty()) {
    tree.leave(*found.leaf);
    return false;
  }
  sequence.leaf = found.leaf;
  sequence.tail_begin = last;
  // Told once: on re-entry its own tokens would count as found.
  if (sequence.generated == 0) sequence.cached_prompt = static_cast<std::size_t>(found.cached);
  figures.reused += static_cast<std::uint64_t>(found.cached);
  return true;
}

// Collects what is not computed above each new leaf, ancestors first, each segment once: newcomers
// with a common prefix are computed together, which is most of what there is to compute when a
// study starts.
void Engine::Impl::compute_prompts(std::span<const Sequence* const> entered) {
  std::vector<PrefixSegment*> segments;
  for (const Sequence* sequence : entered) {
    const auto known = segments.size();
    for (PrefixSegment* at = sequence->leaf; at != nullptr; at = at->parent) {
      const bool complete = at->computed == static_cast<std::int64_t>(at->tokens.size());
      if (complete || std::find(segments.begin(), segments.end(), at) != segments.end()) continue;
      segments.push_back(at);
      figures.prefilled += static_cast<std::uint64_t>(at->end() - at->begin - at->computed);
    }
    std::reverse(segments.begin() + static_cast<std::ptrdiff_t>(known), segments.end());
  }
  compute_segments(segments, static_cast<std::int64_t>(options.prefill_rows), forward, pages);
}

// Gives every running sequence a page for its last token, whose keys the coming pass stores; sends
// the youngest back if there is none. If that was the only one, memory is free and it enters again.
void Engine::Impl::grow_tails() {
  for (std::size_t i = 0; i < running.size();) {
    Sequence& sequence = *running[i];
    const std::int64_t last = sequence.last_position();
    if (KvPages::pages_for(sequence.tail_begin, last + 1) == sequence.tail.size()) {
      ++i;
    } else if (tree.make_room(1)) {
      sequence.tail.push_back(*pages.take());
    } else {
      send_back_youngest();
      i = 0;  // others have moved
    }
  }
  if (running.empty() && !waiting.empty()) {
    crowded = false;
    admit();
  }
}

// Its tokens, prompt and generated, are its prompt when it enters again; its random stream goes on
// where it was. So the same tokens come out, but for the last bits that another batch may change.
void Engine::Impl::send_back_youngest() {
  const auto youngest = std::max_element(
      running.begin(), running.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  std::unique_ptr<Sequence> sequence = std::move(*youngest);
  running.erase(youngest);
  leave(*sequence);
  waiting.push_front(std::move(sequence));
  ++figures.preempted;
  crowded = true;
}

void Engine::Impl::leave(Sequence& sequence) {
  tree.leave(*sequence.leaf);
  for (PageId page : sequence.tail) pages.release(page);
  sequence.leaf = nullptr;
  sequence.tail.clear();
  stale = true;
  crowded = false;
}

void Engine::Impl::draw() {
  const auto rows = static_cast<std::int64_t>(running.size());
  sampled.resize(running.size());
  for (std::int64_t begin = 0; begin < rows; begin += forward.rows_per_logits()) {
    const std::int64_t end = std::min(begin + forward.rows_per_logits(), rows);
    draw_rows(begin, end, forward.logits(begin, end));
  }
  figures.generated += static_cast<std::uint64_t>(rows);
}

// Every sequence has a stream of its own, so it does not matter who draws.
void Engine::Impl::draw_rows(std::int64_t begin, std::int64_t end, std::span<const float> logits) {
  const auto V = static_cast<std::size_t>(config.vocab_size);
  const auto first = static_cast<std::size_t>(begin), rows = static_cast<std::size_t>(end - begin);
  const std::int64_t work = kPerLogit * static_cast<std::int64_t>(rows * V);
  const std::size_t members = work < options.least_shared_work ? 1 : std::min(rows, team.size());
  team.run(members, [&](std::size_t member) {
    for (std::size_t row = member; row < rows; row += members) {
      Sequence& sequence = *running[first + row];
      const Sample drawn = samplers[member].sample(
          logits.subspan(row * V, V), sequence.request.sampling, sequence.request.random);
      sampled[first + row] = {.id = sequence.id,
                              .token = drawn.token,
                              .logprob = drawn.logprob,
                              .sampled_logprob = drawn.sampled_logprob,
                              .end = append(sequence, drawn.token),
                              .cached_prompt = sequence.cached_prompt};
    }
  });
}

SequenceEnd Engine::Impl::append(Sequence& sequence, std::int32_t token) {
  sequence.tokens.push_back(token);
  ++sequence.generated;
  const auto& stops = sequence.request.stop_tokens;
  if (std::find(stops.begin(), stops.end(), token) != stops.end()) return SequenceEnd::stop;
  const auto most = static_cast<std::size_t>(sequence.request.sampling.max_tokens);
  if (sequence.generated == most) return SequenceEnd::length;
  return sequence.last_position() >= config.max_positions ? SequenceEnd::length : SequenceEnd::none;
}

// sampled[i] belongs to running[i].
void Engine::Impl::drop_ended() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < running.size(); ++i) {
    if (sampled[i].end != SequenceEnd::none) {
      leave(*running[i]);
    } else {
      std::swap(running[kept++], running[i]);
    }
  }
  running.resize(kept);
}

bool Engine::cancel(SequenceId id) {
  Impl& impl = *impl_;
  auto is_it = [&](const auto& sequence) { return sequence->id == id; };
  const auto waits = std::find_if(impl.waiting.begin(), impl.waiting.end(), is_it);
  if (waits != impl.waiting.end()) {
    impl.waiting.erase(waits);
    return true;
  }
  const auto runs = std::find_if(impl.running.begin(), impl.running.end(), is_it);
  if (runs == impl.running.end()) return false;
  impl.leave(**runs);
  impl.running.erase(runs);
  return true;
}

}  // namespace iago

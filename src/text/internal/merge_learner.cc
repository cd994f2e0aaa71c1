// Training on counted words: each merge changes the counts of the pairs around its places, and
// nothing else. So for every pair a count and the words that hold it are kept, and a merge rewrites
// only those words.
//
// Counts in `uses_` are exact. The queue is not: lowering a count there would need a search. Each
// pair has at least one entry whose count is as high as the true one or higher; an entry that comes
// to the top with a count too high is put back with the true one. A list of words may name some
// that have lost the pair; rewriting such a word changes nothing.
//
// The words come from a hash table in no particular order. It does not matter: counts are sums, and
// pairs of equal count are ordered by their ids.
#include "text/internal/merge_learner.h"

#include <queue>
#include <unordered_set>
#include <utility>

namespace iago {
namespace {

struct Word {
  std::vector<TokenId> symbols;
  std::uint64_t count = 0;
};

using Pair = std::pair<TokenId, TokenId>;

struct PairHash {
  std::size_t operator()(const Pair& pair) const {
    auto key = std::uint64_t{static_cast<std::uint32_t>(pair.first)} << 32 |
               static_cast<std::uint32_t>(pair.second);
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15) >> 17);
  }
};

struct PairUse {
  std::uint64_t count = 0;
  std::vector<std::uint32_t> words;  // that hold it, or once did
};

// A pair with the count it had when it was queued. Counts in the queue may be out of date, never
// too low: a pair that becomes more frequent is queued again.
struct Queued {
  std::uint64_t count;
  Pair pair;
  bool operator<(const Queued& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

class MergeLearner {
 public:
  explicit MergeLearner(const WordCounts& counts) {
    for (int byte = 0; byte < 256; ++byte) add_token(std::string(1, static_cast<char>(byte)));
    words_.reserve(counts.size());
    for (const auto& [text, count] : counts) add_word(text, count);
    for (const auto& [pair, use] : uses_) queue_.push({use.count, pair});
  }

  LearnedMerges learn(std::size_t tokens, std::uint64_t min_frequency) {
    while (learned_.tokens.size() < tokens && !queue_.empty()) {
      Queued top = queue_.top();
      queue_.pop();
      auto found = uses_.find(top.pair);
      if (found == uses_.end()) continue;  // merged already
      std::uint64_t count = found->second.count;
      if (count < min_frequency || count == 0) continue;
      if (count == top.count) {
        merge(top.pair);
      } else {
        queue_.push({count, top.pair});
      }
    }
    return std::move(learned_);
  }

 private:
  // The id of this text, a new one if there is none: two pairs may spell the same token.
  TokenId add_token(const std::string& bytes) {
    auto [found, is_new] = ids_.try_emplace(bytes, static_cast<TokenId>(learned_.tokens.size()));
    if (is_new) learned_.tokens.push_back(bytes);
    return found->second;
  }

  void add_word(const std::string& text, std::uint64_t count) {
    auto index = static_cast<std::uint32_t>(words_.size());
    Word& word = words_.emplace_back();
    word.count = count;
    for (char c : text) word.symbols.push_back(static_cast<unsigned char>(c));
    for (std::size_t i = 1; i < word.symbols.size(); ++i) {
      add_use({word.symbols[i - 1], word.symbols[i]}, index);
    }
  }

  void add_use(const Pair& pair, std::uint32_t word) {
    PairUse& use = uses_[pair];
    use.count += words_[word].count;
    if (use.words.empty() || use.words.back() != word) use.words.push_back(word);
  }

  void drop_use(const Pair& pair, std::uint32_t word) {
    auto found = uses_.find(pair);
    if (found != uses_.end()) found->second.count -= words_[word].count;
  }

  void merge(const Pair& pair) {
    auto token = [&](TokenId id) { return learned_.tokens[static_cast<std::size_t>(id)]; };
    TokenId merged = add_token(token(pair.first) + token(pair.second));
    // A pair can come back where two pairs spell one token; its first rank stands.
    if (known_.insert(pair).second) {
      learned_.merges.push_back({pair.first, pair.second, merged});
    }
    std::vector<std::uint32_t> words = std::move(uses_[pair].words);
    uses_.erase(pair);
    grown_.clear();
    for (std::uint32_t word : words) merge_in(word, pair, merged);
    for (const Pair& grown : grown_) {
      auto found = uses_.find(grown);
      if (found != uses_.end()) queue_.push({found->second.count, grown});
    }
  }

  // Rewrites one word from left to right and moves its neighbours' counts.
  void merge_in(std::uint32_t index, const Pair& pair, TokenId merged) {
    std::vector<TokenId>& symbols = words_[index].symbols;
    std::size_t out = 0;
    for (std::size_t in = 0; in < symbols.size(); ++out) {
      bool here =
          symbols[in] == pair.first && in + 1 < symbols.size() && symbols[in + 1] == pair.second;
      if (!here) {
        symbols[out] = symbols[in++];
        continue;
      }
      if (out > 0) replace_use({symbols[out - 1], pair.first}, {symbols[out - 1], merged}, index);
      if (in + 2 < symbols.size()) {
        replace_use({pair.second, symbols[in + 2]}, {merged, symbols[in + 2]}, index);
      }
      symbols[out] = merged;
      in += 2;
    }
    symbols.resize(out);
  }

  void replace_use(const Pair& old, const Pair& now, std::uint32_t word) {
    drop_use(old, word);
    add_use(now, word);
    grown_.push_back(now);
  }

  std::vector<Word> words_;
  std::unordered_map<Pair, PairUse, PairHash> uses_;
  std::priority_queue<Queued> queue_;
  std::vector<Pair> grown_;  // by the present merge
  std::unordered_set<Pair, PairHash> known_;
  std::unordered_map<std::string, TokenId> ids_;
  LearnedMerges learned_;
};

}  // namespace

LearnedMerges learn_merges(const WordCounts& counts, std::size_t tokens,
                           std::uint64_t min_frequency) {
  return MergeLearner(counts).learn(tokens, min_frequency);
}

}  // namespace iago

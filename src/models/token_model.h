// TokenModel: the second face of a model whose weights are on this machine. As a ChatModel it takes
// text and gives text, so studies and judges run on it like on any other. Besides, it gives the
// tokens behind the text: their ids and log-probabilities as they were drawn, the ids of a prompt,
// scores of tokens that are given; and its weights can be replaced. Training and white-box work use
// nothing else, so they depend on no engine and no library.
//
// A trainer's step, in its words:
//
//   std::vector<ChatRequest> requests;  // G for each prompt, each with an id of its own
//   for (TokenReply& answer : model->ask_all(std::move(requests))) {
//     // answer.reply goes to the judges, answer.prompt and answer.tokens into the gradient,
//     // answer.logprobs against the trainer's own: they differ only by rounding
//   }
//   model->replace_weights(network.tensors(), "step 41");
//
// Thread-safe, but ask_all(), score() and replace_weights() wait for the model's thread: called
// from a reply's callback, which runs on it, they are refused with Error invalid.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "lm/config.h"
#include "lm/engine.h"
#include "lm/safetensors.h"
#include "text/tokenizer.h"

namespace iago {

// A reply with its tokens. Of a request that failed before it was read, `reply` alone.
struct TokenReply {
  ChatReply reply;
  std::vector<TokenId> prompt;  // what was read, as encode() gives it
  // All that were drawn, in order. The last is one of turn_ends() if the model ended its turn.
  // Those of a stop string are among them, though the reply's text ends before it.
  std::vector<TokenId> tokens;
  // Of each of `tokens`, natural. The model's own: temperature 1, untruncated.
  std::vector<float> logprobs;
  // Of the distribution that each was drawn from, by the request's temperature, top_p and top_k. 0
  // at temperature 0.
  std::vector<float> sampled_logprobs;
};

class TokenModel : public ChatModel {
 public:
  using TokensDone = std::function<void(TokenReply)>;

  // As submit, with the same tokens drawn; the callback gets them too.
  virtual void submit_tokens(ChatRequest request, std::stop_token stop, TokensDone done) = 0;

  // Asks all of them together and waits for the last. The answers stand in the order of the
  // requests; what failed says so in its reply. They enter as one: on a model that is asked nothing
  // else, equal calls on equal weights and an equally filled cache give equal bits, as single
  // requests do not, whose batches depend on when each came. So a request's may_send and no_more
  // are looked at once, when they enter. Requests under way end as cancelled once `stop` is
  // requested. Errors of submit for any of them, before anything is asked.
  virtual std::vector<TokenReply> ask_all(std::vector<ChatRequest> requests,
                                          std::stop_token stop = {}) = 0;

  virtual const LlamaConfig& config() const = 0;
  // The prompt that a request of these messages and this prefill is answered after. Errors of
  // encode_chat (text/chat_template.h); of any length, though a request beyond the context fails.
  virtual std::vector<TokenId> encode(std::span<const Message> messages,
                                      std::string_view prefill = {}) const = 0;
  // The text of tokens, as a reply has it: control tokens say nothing, U+FFFD stands for what is
  // not UTF-8.
  virtual std::string text_of(std::span<const TokenId> tokens) const = 0;
  // Any of these ends the model's turn, and so an answer. The template's own comes first.
  virtual std::vector<TokenId> turn_ends() const = 0;

  // Log-probabilities of each token of each continuation, as of Engine::score, whose errors it has,
  // all computed together. At temperature 1 they are what TokenReply::logprobs would be, but for
  // rounding. It waits its turn among the requests that came before, and then for a place among
  // those that run; Error overloaded if these fill the cache. Cancelled if the model is closed.
  virtual std::vector<std::vector<float>> score(std::span<const Continuation> continuations,
                                                double temperature = 1) = 0;

  // Answers by other weights from here on: each tensor of tensor_specs(config()) once, in any
  // order, read during the call alone. Nothing of the old weights is left: no key, no value, no
  // batch. So what is sampled then is, to the bit, what a checkpoint with these weights in float32
  // says when it is opened with the same options and asked the same, one by one or by ask_all.
  //
  // ModelInfo::identity changes: it is the hash of the checkpoint's other files, the version (1 to
  // 200 bytes, for people too: "step 41") and the weights. Old and new weights are both in memory
  // for a moment.
  //
  // It never waits for requests: while one is pending (submitted, its callback not yet called), it
  // is refused with Error overloaded. Errors of Weights::from_tensors, and invalid for a version
  // that is empty or too long. After an error the old weights are in place.
  virtual void replace_weights(std::span<const TensorView> tensors, std::string_view version) = 0;
};

}  // namespace iago

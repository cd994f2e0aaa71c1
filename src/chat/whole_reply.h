// Models without a network (scripts, grammars) count in words and know their whole reply at once:
// this makes it the reply that a request would have got token by token, and tells it as one piece.
#pragma once

#include "chat/chat_model.h"

namespace iago {

// The reply as this request gets it: the prefill not repeated, cut at the first stop string or
// after max_tokens words, usage counted in words. Refusals and failures stay what they are.
ChatReply shape_reply(ChatReply reply, const ChatRequest& request);

// `done` for a model that knows only whole replies: tells request.on_text, if anyone listens, the
// reply's text before it calls back. Failed and empty replies are not told.
ChatModel::Done with_whole_text(const ChatRequest& request, ChatModel::Done done);

}  // namespace iago

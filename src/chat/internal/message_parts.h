// The parts of a message, or of a delta of one: what is said, what is thought, and what this client
// does not know. Private to the room.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "chat/chat_model.h"
#include "chat/internal/wire_json.h"

namespace iago {

struct MessageParts {
  std::string text, refusal, reasoning;
  bool thought = false;      // there is reasoning, with its text or without
  bool calls_tools = false;  // though none were offered
  // The first member or content part that holds text and is not known, as words for people:
  // "the member \"musing\""; empty if there is none.
  std::string unread;

  // Adds what a further delta has.
  void append(const MessageParts& more);
  std::size_t held_bytes() const { return text.size() + refusal.size() + reasoning.size(); }
};

// `message`: an object with "content" (a string or an array of parts) and any other members.
// `whole`: not a delta, in which an empty string is filler; in a whole message an empty field of
// reasoning says that something is kept back.
MessageParts read_message(const ReplyJson& document, const nlohmann::json& message, bool whole);

// One part of a content: {"type": ..., ...}.
void read_content_part(const ReplyJson& document, const nlohmann::json& part, MessageParts& into);

// Reasoning in members of an object that is not a message itself (a choice).
void read_reasoning_members(const ReplyJson& document, const nlohmann::json& object, bool whole,
                            MessageParts& into);

// Notes in `into` a member of an object around a message that holds text and is not known. `root`:
// of the whole reply, where only members with thought count; else of a choice.
void note_members_around(const nlohmann::json& object, bool root, MessageParts& into);

// Sets the reply's reasoning and its channel. `counts_reasoning`: the server counts tokens of it.
void decide_reasoning(ChatReply& reply, const MessageParts& parts, bool counts_reasoning);

}  // namespace iago

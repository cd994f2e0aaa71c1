// The Jinja texts are for checkpoints of our own: others that load these must see the same layout.
#include "text/internal/chat_formats.h"

#include <array>
#include <string>

#include "base/error.h"

namespace iago {
namespace {

constexpr ChatMark control(std::string_view token) { return {ChatMark::Kind::control, token}; }
constexpr ChatMark text(std::string_view said) { return {ChatMark::Kind::text, said}; }
constexpr ChatMark kBos[] = {{ChatMark::Kind::bos}};
constexpr ChatMark kEos[] = {{ChatMark::Kind::eos}};

constexpr ChatMark kChatmlSystem[] = {control("<|im_start|>"), text("system\n")};
constexpr ChatMark kChatmlUser[] = {control("<|im_start|>"), text("user\n")};
constexpr ChatMark kChatmlAssistant[] = {control("<|im_start|>"), text("assistant\n")};
constexpr ChatMark kChatmlAfter[] = {control("<|im_end|>"), text("\n")};

constexpr ChatMark kLlama3System[] = {control("<|start_header_id|>"), text("system"),
                                      control("<|end_header_id|>"), text("\n\n")};
constexpr ChatMark kLlama3User[] = {control("<|start_header_id|>"), text("user"),
                                    control("<|end_header_id|>"), text("\n\n")};
constexpr ChatMark kLlama3Assistant[] = {control("<|start_header_id|>"), text("assistant"),
                                         control("<|end_header_id|>"), text("\n\n")};
constexpr ChatMark kLlama3After[] = {control("<|eot_id|>")};

constexpr ChatMark kIagoSystem[] = {control("<|system|>")};
constexpr ChatMark kIagoUser[] = {control("<|user|>")};
constexpr ChatMark kIagoAssistant[] = {control("<|assistant|>")};
constexpr ChatMark kIagoAfter[] = {control("<|end|>")};

constexpr ChatMark kMistralUser[] = {text("[INST] ")};
constexpr ChatMark kMistralAfterUser[] = {text(" [/INST]")};

constexpr std::array<std::string_view, 2> kChatmlEnds = {"<|im_end|>", "<|endoftext|>"};
constexpr std::array<std::string_view, 3> kLlama3Ends = {"<|eot_id|>", "<|end_of_text|>",
                                                         "<|eom_id|>"};
constexpr std::array<std::string_view, 1> kIagoEnds = {"<|end|>"};

constexpr std::string_view kChatmlTurns =
    R"({% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kChatmlBosJinja =
    R"({{ bos_token }}{% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kQwen15Jinja =
    R"({% if messages[0]['role'] != 'system' %})"
    R"({{ '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n' }}{% endif %})"
    R"({% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kQwen2Jinja =
    R"({% if messages[0]['role'] != 'system' %})"
    R"({{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %})"
    R"({% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kQwen25Jinja =
    R"({% if messages[0]['role'] != 'system' %})"
    R"({{ '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful )"
    R"(assistant.<|im_end|>\n' }})"
    R"({% endif %}{% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kSmolLm2Jinja =
    R"({% if messages[0]['role'] != 'system' %})"
    R"({{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging )"
    R"(Face<|im_end|>\n' }})"
    R"({% endif %}{% for message in messages %})"
    R"({{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }})"
    R"({% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";
constexpr std::string_view kLlama3Jinja =
    R"({{ '<|begin_of_text|>' }}{% for message in messages %})"
    R"({{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + )"
    R"(message['content'] | trim + '<|eot_id|>' }})"
    R"({% endfor %}{% if add_generation_prompt %})"
    R"({{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %})";
constexpr std::string_view kLlama31Jinja =
    R"({{ '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting )"
    R"(Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n' }})"
    R"({% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] | trim }})"
    R"({% set messages = messages[1:] %}{% endif %}{{ '<|eot_id|>' }})"
    R"({% for message in messages %})"
    R"({{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + )"
    R"(message['content'] | trim + '<|eot_id|>' }})"
    R"({% endfor %}{% if add_generation_prompt %})"
    R"({{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %})";
constexpr std::string_view kMistralJinja =
    R"({{ bos_token }}{% for message in messages %})"
    R"({% if message['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %})"
    R"({% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %})"
    R"({{ raise_exception('roles must alternate') }}{% endif %})"
    R"({% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }})"
    R"({% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %})";
constexpr std::string_view kIagoJinja =
    R"({% for message in messages %})"
    R"({{ '<|' + message['role'] + '|>' + message['content'] }})"
    R"({% if message['role'] == 'assistant' %}{{ '<|end|>' }}{% endif %}{% endfor %})"
    R"({% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %})";

constexpr ChatFormatRow chatml_row(ChatTemplate id, std::string_view name, std::string_view jinja,
                                   std::string_view default_system = {}, ChatMarks opening = {}) {
  return {.id = id,
          .name = name,
          .jinja = jinja,
          .opening = opening,
          .system = {kChatmlSystem, kChatmlAfter},
          .user = {kChatmlUser, kChatmlAfter},
          .assistant = {kChatmlAssistant, kChatmlAfter},
          .ends = kChatmlEnds,
          .default_system = default_system};
}

constexpr ChatFormatRow llama3_row(ChatTemplate id, std::string_view name, std::string_view jinja,
                                   std::string_view system_prefix = {}) {
  return {.id = id,
          .name = name,
          .jinja = jinja,
          .opening = kBos,
          .system = {kLlama3System, kLlama3After},
          .user = {kLlama3User, kLlama3After},
          .assistant = {kLlama3Assistant, kLlama3After},
          .ends = kLlama3Ends,
          .system_prefix = system_prefix,
          .trim = Trim::yes,
          .usual_bos = "<|begin_of_text|>"};
}

using enum ChatTemplate;

constexpr std::array<ChatFormatRow, 10> kFormats = {
    {chatml_row(chatml, "chatml", kChatmlTurns),
     chatml_row(chatml_bos, "chatml-bos", kChatmlBosJinja, {}, kBos),
     chatml_row(qwen1_5, "qwen1.5", kQwen15Jinja, "You are a helpful assistant"),
     chatml_row(qwen2, "qwen2", kQwen2Jinja, "You are a helpful assistant."),
     chatml_row(qwen2_5, "qwen2.5", kQwen25Jinja,
                "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
     chatml_row(smollm2, "smollm2", kSmolLm2Jinja,
                "You are a helpful AI assistant named SmolLM, trained by Hugging Face"),
     llama3_row(llama3, "llama3", kLlama3Jinja),
     llama3_row(llama3_1, "llama3.1", kLlama31Jinja,
                "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"),
     {.id = mistral,
      .name = "mistral",
      .jinja = kMistralJinja,
      .opening = kBos,
      .system = {},
      .user = {kMistralUser, kMistralAfterUser},
      .assistant = {{}, kEos},
      .ends = {},
      .system_turn = SystemTurn::refused,
      .turns = Turns::alternate},
     {.id = iago,
      .name = "iago",
      .jinja = kIagoJinja,
      .opening = {},
      .system = {kIagoSystem, {}},
      .user = {kIagoUser, {}},
      .assistant = {kIagoAssistant, kIagoAfter},
      .ends = kIagoEnds}}};

// Made and held to Jinja's own rendering by testdata/make_goldens.py.
constexpr KnownTemplate kKnown[] = {
#include "text/internal/known_templates.inc"
};

}  // namespace

std::span<const ChatFormatRow> chat_formats() { return kFormats; }

const ChatFormatRow& chat_format(ChatTemplate id) {
  for (const ChatFormatRow& row : kFormats) {
    if (row.id == id) return row;
  }
  check_failed("a known ChatTemplate", std::to_string(static_cast<int>(id)));
}

std::span<const KnownTemplate> known_templates() { return kKnown; }

}  // namespace iago

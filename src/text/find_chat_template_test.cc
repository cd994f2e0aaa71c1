// Recognising templates: held to Jinja's own lexer and renderer, see
// testdata/make_template_goldens.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "testing/text/testdata.h"
#include "text/chat_template.h"
#include "text/internal/canonical_jinja.h"
#include "text/internal/chat_formats.h"

namespace iago {
namespace {

using Basis = FoundTemplate::Basis;
using testing::HasSubstr;
using testing::StartsWith;

std::string shipped(std::string_view name) {
  return read_testdata("jinja/" + std::string(name) + ".jinja");
}

TokenizerConfig with(std::string program) {
  TokenizerConfig config;
  config.chat_template = std::move(program);
  config.template_file = "folder/chat_template.jinja";
  return config;
}

struct Refusal {
  ErrorCode code;
  std::string message, hint;
};

Refusal refusal(const std::string& program, std::string_view choice = "") {
  try {
    const FoundTemplate found = find_chat_template(with(program), choice);
    return {ErrorCode::cancelled, "found " + std::string(name_of(found.id)), ""};
  } catch (const Error& error) {
    return {error.code(), error.what(), std::string(error.hint())};
  }
}

TEST(CanonicalJinja, ReadsWhiteSpaceAsJinjasLexerDoes) {
  const Json rows = parse_json(read_testdata("spellings.json"), "spellings.json");
  ASSERT_GT(rows.size(), 30u);
  for (const Json& row : rows) {
    EXPECT_EQ(canonical_jinja(std::string(row[0])), std::string(row[1])) << row[0];
  }
}

TEST(CanonicalJinja, SurvivesWhatIsNoProgram) {
  for (const char* text : {"{", "{{", "{%", "{#", "{{ 'a", "{{ (", "{% a }}", "{{ ) }}", "{{-",
                           "{#-", "{{ \\", "{{ '\\", "%}", "{{ a -"}) {
    EXPECT_NO_THROW(canonical_jinja(text)) << text;
  }
}

std::string text_of(const std::vector<ChatPiece>& pieces) {
  std::string text;
  for (const ChatPiece& piece : pieces) text += piece.text;
  return text;
}

std::vector<Message> conversation_of(const Json& conversation) {
  std::vector<Message> messages;
  for (const Json& message : conversation) {
    const std::string role = message["role"];
    messages.push_back({role == "system" ? Role::system
                        : role == "user" ? Role::user
                                         : Role::assistant,
                        message["content"]});
  }
  return messages;
}

TEST(KnownTemplates, RenderAsJinjaRendersThem) {
  const Json goldens = parse_json(read_testdata("templates.json"), "templates.json");
  ASSERT_EQ(goldens["goldens"].size() + 1, known_templates().size());  // all but iago's
  for (const Json& golden : goldens["goldens"]) {
    const std::string hash = golden["sha256"];
    const auto known = std::find_if(known_templates().begin(), known_templates().end(),
                                    [&](const KnownTemplate& k) { return k.sha256 == hash; });
    ASSERT_NE(known, known_templates().end()) << hash;
    ASSERT_EQ(name_of(known->id), std::string(golden["template"]));
    ChatFormat format(known->id);
    format.bos_token = golden["bos"];
    format.eos_token = golden["eos"];
    for (std::size_t i = 0; i < golden["texts"].size(); ++i) {
      const auto messages = conversation_of(goldens["conversations"][i]);
      if (golden["texts"][i].is_null()) {
        EXPECT_THROW(apply(format, messages, ""), Error) << known->whose << " " << i;
      } else {
        EXPECT_EQ(text_of(apply(format, messages, "")), std::string(golden["texts"][i]))
            << known->whose << " " << i;
      }
    }
  }
}

TEST(KnownTemplates, HoldTheProgramsThatIagoWrites) {
  for (const ChatFormatRow& row : chat_formats()) {
    const FoundTemplate found = find_chat_template(with(std::string(row.jinja)), "");
    EXPECT_EQ(found.id, row.id);
    EXPECT_EQ(found.basis, Basis::text);
    EXPECT_EQ(found.hash, sha256_hex(canonical_jinja(row.jinja)));
  }
}

TEST(FindChatTemplate, PassesOverWhiteSpaceThatPrintsNothing) {
  const std::string spread =
      "{%- for message in messages %}\n    {{- '<|im_start|>' + message['role'] + '\n' +\n"
      "        message['content'] + '<|im_end|>\\n' }}\n{%- endfor %}\n"
      "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n{%- endif %}\n";
  EXPECT_EQ(find_chat_template(with(spread), "").id, ChatTemplate::chatml);
}

// Each looks like ChatML and lays out something else.
TEST(FindChatTemplate, RefusesATemplateOfWhichOneThingIsOtherwise) {
  const std::string chatml = shipped("chatml");
  auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = chatml;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::string one_turn = "{{ '<|im_start|>' + message['role']";
  for (const std::string& program :
       {"{{ '<|endoftext|>' }}" + chatml, "\n" + chatml, chatml + " ",
        changed("message['content']", "message['content'] | trim"),
        changed("message['content']", "(message['content'] | trim)"),
        changed("assistant\\n", "assistant\\n<think>\\n"), changed("assistant\\n", "assistant"),
        changed("'\\n'", "' \\n'"), changed("<|im_end|>\\n", "<|im_end|>"),
        changed("assistant\\n", "model\\n"), changed("{% endfor %}", "\n\n{% endfor %}"),
        changed(one_turn,
                "{% if message['role'] == 'system' %}{{ raise_exception('no') }}"
                "{% endif %}" +
                    one_turn),
        changed(one_turn, "{{ '<|im_start|>' + message['role'] | capitalize"),
        changed("{% if add_generation_prompt %}", "{% if true %}")}) {
    const Refusal refused = refusal(program);
    EXPECT_EQ(refused.code, ErrorCode::unsupported) << program;
    EXPECT_THAT(refused.message, StartsWith("folder/chat_template.jinja: chat_template: expected a "
                                            "template whose whole text is known"));
    EXPECT_THAT(refused.message, HasSubstr("SHA-256 "));
    EXPECT_THAT(refused.hint, HasSubstr("--chat-template NAME (chatml, "));
    EXPECT_THAT(refused.hint, HasSubstr("--chat-template checkpoint"));
  }
}

TEST(FindChatTemplate, TakesWhatTheUserNames) {
  const FoundTemplate named = find_chat_template(with("{{ messages }}"), "chatml");
  EXPECT_EQ(named.id, ChatTemplate::chatml);
  EXPECT_EQ(named.basis, Basis::name);
  EXPECT_FALSE(named.is_own_known);
  EXPECT_THAT(to_text(named), HasSubstr("chatml, as chosen; the checkpoint's own (SHA-256 "));
  EXPECT_TRUE(find_chat_template(with(shipped("qwen2")), "qwen2").is_own_known);
  EXPECT_FALSE(find_chat_template(with(shipped("qwen2")), "chatml").is_own_known);
  EXPECT_EQ(to_text(find_chat_template(with(""), "llama3")),
            "llama3, as chosen; the checkpoint has none");
  EXPECT_EQ(refusal("", "alpaca").code, ErrorCode::not_found);
}

TEST(FindChatTemplate, TakesTheNearestOneOnRequest) {
  const std::string trimmed = R"({{ '<|im_start|>' + m + '\n' + c | trim + '<|im_end|>\n' }})";
  const FoundTemplate found = find_chat_template(with(trimmed), "checkpoint");
  EXPECT_EQ(found.id, ChatTemplate::chatml);
  EXPECT_EQ(found.basis, Basis::markers);
  EXPECT_THAT(to_text(found), HasSubstr("whose text is not known"));
  auto nearest = [](const std::string& program) { return refusal(program, "checkpoint").message; };
  EXPECT_EQ(nearest("{{ bos_token }}" + trimmed), "found chatml-bos");
  EXPECT_EQ(nearest("{{'<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n'}}"),
            "found qwen2");
  EXPECT_THAT(nearest("{{'<|im_start|>system\nYou are a pirate.<|im_end|>\n'}}"),
              HasSubstr("expected a template with the control tokens of a known one"));
  EXPECT_EQ(nearest("{{ '<|start_header_id|>' }}{{ \"<|eot_id|>\" }}"), "found llama3");
  EXPECT_THAT(nearest("{{ '<|user|>\n' + message['content'] + '<|end|>\n' }}"),
              HasSubstr("expected"));
  EXPECT_EQ(nearest("{{ '[INST] ' + message + ' [/INST]' }}"), "found mistral");
  // Known by its text: nothing is guessed.
  EXPECT_EQ(find_chat_template(with(shipped("qwen2")), "checkpoint").basis, Basis::text);
}

TEST(FindChatTemplate, SaysThatACheckpointHasNone) {
  const Refusal refused = refusal("");
  EXPECT_THAT(refused.message, HasSubstr("found none"));
  EXPECT_THAT(refused.hint, HasSubstr("--chat-template NAME"));
  EXPECT_EQ(refusal("", "checkpoint").code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace iago

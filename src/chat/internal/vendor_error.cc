// Shapes of errors that are in use:
//   {"error": {"message", "type", "code", "param"}}        OpenAI and most others
//   {"object": "error", "message", "type", "code"}         vLLM, Mistral, SGLang
//   {"type": "error", "error": {"type", "message"}}        Anthropic
//   [{"error": {"code", "message", "status", "details"}}]  Google
//   {"error": "text"}, {"errors": [...]}, {"message": ...} Ollama, TGI, Cloudflare, Cohere, AWS
//   {"detail": "text" or [{"loc", "msg", "type"}]}         FastAPI and Pydantic
//   {"title", "detail", "status"}                          RFC 9457, NVIDIA
//   {"base_resp": {"status_code", "status_msg"}}           MiniMax
//   "text", plain text, a page of HTML                     proxies
// They also occur inside of each other, and as JSON in a string, when a gateway passes on what it
// got. So the reader walks through the document and gathers by the members' names. It never looks
// into members that quote the request: a prompt speaks of anything.
#include "chat/internal/vendor_error.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/error.h"

namespace iago {
namespace {

using nlohmann::json;

constexpr int kMostErrorDepth = 8;
constexpr std::size_t kMostStrings = 64;
constexpr std::size_t kMostBytes = 4096;  // of one string

// Members with text for people, the likelier ones first.
constexpr std::array<std::string_view, 16> kTexts = {
    "message",     "msg",          "detail",       "error_description",
    "error_msg",   "errorMessage", "Message",      "error_message",
    "status_msg",  "title",        "description",  "faultstring",
    "explanation", "raw",          "user_message", "reason_text"};
constexpr std::array<std::string_view, 12> kCodes = {
    "type",      "code",   "status", "error_code", "errorCode",   "error_type",
    "errorType", "__type", "Code",   "reason",     "status_code", "provider_code"};
// Members that hold an error again. "reasons" is OpenRouter's.
constexpr std::array<std::string_view, 15> kInner = {
    "error",       "errors",  "details",  "innererror", "inner_error",
    "metadata",    "reasons", "fault",    "base_resp",  "provider_specific_fields",
    "error_model", "extra",   "response", "cause",      "fieldViolations"};

class Reader {
 public:
  explicit Reader(const ReplyJson& document) : document_(document) {}

  void read(const json& value, int depth) {
    if (depth > kMostErrorDepth || strings_ > kMostStrings) return;
    if (value.is_string()) return take_text(document_.bytes_of(value), depth);
    if (value.is_array()) {
      for (const json& item : value) read(item, depth + 1);
    } else if (value.is_object()) {
      read_object(value, depth);
    }
  }

  VendorError take() { return std::move(found_); }

 private:
  void read_object(const json& object, int depth) {
    take_fields(object);
    take_counts(object);
    take_wait(object);
    // The error itself before what stands around it, so that its message is the first.
    for (std::string_view key : {"error", "errors"}) {
      if (const json& inner = member(object, key); !inner.is_null()) read(inner, depth + 1);
    }
    for (std::string_view key : kTexts) {
      if (const json& text = member(object, key); !text.is_null()) read(text, depth + 1);
    }
    for (std::string_view key : kCodes) take_code(key, member(object, key));
    for (std::string_view key : kInner) {
      if (key == "error" || key == "errors") continue;
      if (const json& inner = member(object, key); !inner.is_null()) read(inner, depth + 1);
    }
    if (!member(object, "flagged_input").is_null()) found_.flagged = true;
  }

  void take_text(std::string text, int depth) {
    ++strings_;
    text.resize(std::min(text.size(), kMostBytes));
    if (text.empty()) return;
    (found_.message.empty() ? found_.message : found_.more.append("\n")).append(text);
    // A gateway quotes the error that it got.
    const auto brace = text.find('{');
    if (brace == std::string::npos || depth > kMostErrorDepth / 2) return;
    try {
      const std::string_view quoted =
          std::string_view(text).substr(brace, text.rfind('}') - brace + 1);
      const ReplyJson inner(quoted, "a quoted error");
      Reader reader(inner);
      reader.read(inner.root(), depth + 1);
      take_quoted(reader.take());
    } catch (const Error&) {
      // Not JSON after all: the words are there as they are.
    }
  }

  void take_quoted(const VendorError& inner) {
    for (const std::string* text : {&inner.message, &inner.more}) {
      if (!text->empty()) found_.more.append("\n").append(*text);
    }
    found_.codes.append(inner.codes);
    found_.fields.insert(found_.fields.end(), inner.fields.begin(), inner.fields.end());
    found_.flagged = found_.flagged || inner.flagged;
    if (found_.wait.empty()) found_.wait = inner.wait;
    if (!found_.prompt_tokens) found_.prompt_tokens = inner.prompt_tokens;
    if (!found_.context_tokens) found_.context_tokens = inner.context_tokens;
  }

  void take_code(std::string_view key, const json& code) {
    if (code.is_number()) {
      const std::uint64_t number = count_of(code);
      found_.codes += std::to_string(number) + "\n";
      const bool names_status = key == "code" || key == "status" || key == "status_code";
      if (names_status && number >= 400 && number < 600 && !found_.status) {
        found_.status = static_cast<int>(number);
      }
    } else if (code.is_string()) {
      ++strings_;
      const std::string name = document_.bytes_of(code).substr(0, 200);
      found_.codes += name + "\n";
      // LiteLLM writes "400".
      const bool is_status = name.size() == 3 && (name[0] == '4' || name[0] == '5') &&
                             name.find_first_not_of("0123456789") == std::string::npos;
      if (is_status && !found_.status) found_.status = std::stoi(name);
    }
  }

  void take_fields(const json& object) {
    if (const json& param = member(object, "param"); param.is_string()) {
      take_field(document_.bytes_of(param));
    }
    if (const json& field = member(object, "field"); field.is_string()) {
      take_field(document_.bytes_of(field));
    }
    const json& loc = member(object, "loc");
    if (loc.is_array()) {
      // ["body", "ChatCompletionRequest", "seed"]: all steps, since a framework puts names of its
      // own in front. An index of a list says nothing of the name.
      std::string path;
      for (const json& step : loc) {
        if (!step.is_string() || step == "body") continue;
        path += (path.empty() ? "" : ".") + document_.bytes_of(step);
      }
      take_field(std::move(path));
    }
  }

  void take_field(std::string name) {
    if (!name.empty() && found_.fields.size() < kMostStrings) {
      found_.fields.push_back(std::move(name));
    }
  }

  void take_wait(const json& object) {
    for (std::string_view key : {"retryDelay", "retry_delay", "retry_after", "retryAfter",
                                 "retry_after_seconds", "retry_after_s"}) {
      const json& wait = member(object, key);
      if (!found_.wait.empty()) return;
      if (wait.is_string()) found_.wait = document_.bytes_of(wait).substr(0, 64);
      if (wait.is_number()) found_.wait = wait.dump();
      if (wait.is_object()) found_.wait = member(wait, "seconds").dump();  // of a gRPC duration
    }
  }

  void take_counts(const json& object) {
    if (const json& count = member(object, "n_prompt_tokens"); count.is_number()) {
      found_.prompt_tokens = count_of(count);
    }
    if (const json& count = member(object, "n_ctx"); count.is_number()) {
      found_.context_tokens = count_of(count);
    }
  }

  const ReplyJson& document_;
  VendorError found_;
  std::size_t strings_ = 0;
};

// "<html><title>Sign in</title>..." as "Sign in ...": the text without its tags.
std::string text_of_page(std::string_view page) {
  constexpr std::size_t kMostLookedAt = 20'000;
  std::string text;
  bool in_tag = false, in_script = false;
  page = page.substr(0, kMostLookedAt);
  for (std::size_t i = 0; i < page.size() && text.size() < 400; ++i) {
    if (page[i] == '<') {
      const std::string tag = lowered(page.substr(i, 8));
      if (tag.starts_with("<script") || tag.starts_with("<style")) in_script = true;
      if (tag.starts_with("</script") || tag.starts_with("</style")) in_script = false;
      in_tag = true;
    } else if (page[i] == '>') {
      in_tag = false;
      text += ' ';
    } else if (!in_tag && !in_script) {
      text += page[i];
    }
  }
  std::string words;
  for (char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space) words += c;
    if (space && !words.empty() && words.back() != ' ') words += ' ';
  }
  return words;
}

}  // namespace

bool says_any(std::string_view text, std::span<const std::string_view> phrases) {
  return std::ranges::any_of(phrases, [&](auto phrase) { return text.find(phrase) != text.npos; });
}

std::string VendorError::said() const { return lowered(codes + "\n" + message + "\n" + more); }

VendorError vendor_error_in(const ReplyJson& document, const json& error) {
  Reader reader(document);
  reader.read(error, 0);
  return reader.take();
}

VendorError read_vendor_error(std::string_view body) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  if (body.starts_with('<')) {
    return {.message = text_of_page(body), .page = true};
  }
  try {
    const ReplyJson document(body, "the error");
    VendorError found = vendor_error_in(document, document.root());
    // An object without any of the known members is shown as it is.
    if (found.message.empty() && found.codes.empty()) found.message = excerpt_of(body);
    return found;
  } catch (const Error&) {
    return {.message = std::string(body.substr(0, kMostBytes))};
  }
}

}  // namespace iago

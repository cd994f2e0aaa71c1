#include "chat/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace iago {
namespace {

constexpr std::size_t kMaxJournalBytes = std::size_t{8} << 30;

[[noreturn]] void fail_to_write(const std::filesystem::path& file, const JournalWork& work) {
  throw Error(ErrorCode::disconnected,
              fmt::format("{}: cannot write: {}", file.string(), std::strerror(errno)),
              fmt::format("Free some space or {}; what was written is safe.", work.elsewhere));
}

// A member of the kind that is wanted, or Error corrupt.
class Line {
 public:
  Line(std::string_view text, const std::string& where, const JournalWork& work)
      : where_(where), work_(work) {
    try {
      json_ = parse_json(text, where);
    } catch (const Error& error) {
      fail(error.what());
    }
    if (!json_.is_object()) fail(where_ + ": expected an object");
  }

  bool has(const char* key) const { return json_.contains(key); }
  std::string text(const char* key) const {
    if (!has(key) || !json_[key].is_string()) fail(expected("a text", key));
    return json_[key].get<std::string>();
  }
  std::uint64_t count(const char* key) const {
    if (!has(key) || !json_[key].is_number_unsigned()) fail(expected("a whole number", key));
    return json_[key].get<std::uint64_t>();
  }
  double seconds(const char* key) const {
    if (!has(key) || !json_[key].is_number() || !(json_[key].get<double>() >= 0)) {
      fail(expected("a number of seconds", key));
    }
    return json_[key].get<double>();
  }
  JournalTerms terms() const {
    if (!json_["terms"].is_object()) fail(expected("an object", "terms"));
    JournalTerms terms;
    for (const auto& [name, value] : json_["terms"].items()) {
      if (!value.is_string()) fail(expected("texts", "terms"));
      terms[name] = value.get<std::string>();
    }
    return terms;
  }
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(
        ErrorCode::corrupt, message,
        fmt::format("The journal is damaged here. Restore it from a copy, or begin a new {}.",
                    work_.name));
  }

 private:
  std::string expected(std::string_view what, const char* key) const {
    return fmt::format("{}: expected {} in \"{}\"", where_, what, key);
  }

  const std::string& where_;
  const JournalWork& work_;
  Json json_;
};

JournalReply read_reply(const Line& line, const std::string& where) {
  const auto finish = finish_named(line.text("finish"));
  if (!finish || *finish == Finish::failed) {
    line.fail(fmt::format("{}: \"{}\" is not how a reply ends", where, line.text("finish")));
  }
  ReasoningChannel channel = ReasoningChannel::none;
  if (line.has("reasoning_channel")) {
    const auto named = reasoning_channel_named(line.text("reasoning_channel"));
    if (!named) line.fail(where + ": expected a channel of reasoning in \"reasoning_channel\"");
    channel = *named;
  }
  return {.text = line.text("text"),
          .finish = *finish,
          .usage = {.prompt = line.count("prompt_tokens"),
                    .cached_prompt = line.count("cached_prompt_tokens"),
                    .cache_written = line.count("cache_written_tokens"),
                    .generated = line.count("generated_tokens"),
                    .uncounted = line.count("uncounted")},
          .role = line.has("role") ? line.text("role") : std::string(),
          .reasoning_channel = channel,
          .reasoning = line.has("reasoning") ? line.text("reasoning") : std::string(),
          .at_s = line.seconds("at_s")};
}

void check_terms(const JournalTerms& found, const JournalTerms& terms, std::string_view where,
                 const JournalWork& work) {
  for (const auto& [name, value] : terms) {
    auto other = found.find(name);
    const std::string was = other == found.end() ? "" : other->second;
    if (was == value) continue;
    throw Error(ErrorCode::invalid,
                fmt::format("{}: the {} was begun with another {}: expected \"{}\", found "
                            "\"{}\" now",
                            where, work.name, name, was, value),
                fmt::format("Remove the journal and the {}, or {}.", work.name, work.elsewhere));
  }
}

// Without what a killed process left of its last line.
std::string whole_lines_of(const std::filesystem::path& file) {
  std::string text = read_file(file, kMaxJournalBytes);
  const auto end = text.rfind('\n');
  text.resize(end == text.npos ? 0 : end + 1);
  return text;
}

std::string line_of(const std::string& key, const JournalReply& reply) {
  Json json = {{"key", key},
               {"finish", name_of(reply.finish)},
               {"prompt_tokens", reply.usage.prompt},
               {"cached_prompt_tokens", reply.usage.cached_prompt},
               {"cache_written_tokens", reply.usage.cache_written},
               {"generated_tokens", reply.usage.generated},
               {"uncounted", reply.usage.uncounted},
               {"at_s", reply.at_s}};
  if (!reply.role.empty()) json["role"] = reply.role;
  if (reply.reasoning_channel != ReasoningChannel::none) {
    json["reasoning_channel"] = name_of(reply.reasoning_channel);
    if (!reply.reasoning.empty()) json["reasoning"] = reply.reasoning;
  }
  json["text"] = reply.text;
  return dump_json(json) + "\n";
}

}  // namespace

std::map<std::string, JournalReply> parse_journal(std::string_view text, std::string_view where,
                                                  const JournalTerms& terms, double& seconds,
                                                  const JournalWork& work) {
  std::map<std::string, JournalReply> replies;
  double latest = 0;  // of the session
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line_text = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line_text.size() + 1, text.size()));
    const std::string place = fmt::format("{}:{}", where, number);
    const Line line(line_text, place, work);
    if (line.has("terms")) {
      check_terms(line.terms(), terms, where, work);
      seconds += std::exchange(latest, 0);
      continue;
    }
    if (number == 1) line.fail(place + ": expected a session's terms first");
    JournalReply reply = read_reply(line, place);
    latest = std::max(latest, reply.at_s);
    if (!replies.emplace(line.text("key"), std::move(reply)).second) {
      line.fail(fmt::format("{}: the reply \"{}\" came before", place, line.text("key")));
    }
  }
  seconds += latest;
  return replies;
}

std::map<std::string, JournalReply> read_journal(const std::filesystem::path& file,
                                                 const JournalTerms& terms, double& seconds,
                                                 const JournalWork& work) {
  return parse_journal(whole_lines_of(file), file.string(), terms, seconds, work);
}

Journal::Journal(std::filesystem::path file, const JournalTerms& terms, JournalWork work)
    : file_(std::move(file)), work_(std::move(work)) {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_to_write(file_, work_);
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: another process writes this {}", file_.string(), work_.name),
                  fmt::format("Wait for it, or {}.", work_.elsewhere));
    }
    const std::string text = whole_lines_of(file_);
    if (::ftruncate(descriptor_, static_cast<off_t>(text.size())) != 0) fail_to_write(file_, work_);
    read(text, terms);
    Json json;
    json["terms"] = Json::object();
    for (const auto& [name, value] : terms) json["terms"][name] = value;
    append(dump_json(json) + "\n");
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

Journal::~Journal() { ::close(descriptor_); }

void Journal::read(std::string_view text, const JournalTerms& terms) {
  replies_ = parse_journal(text, file_.string(), terms, earlier_seconds_, work_);
  earlier_ = replies_.size();
}

void Journal::append(const std::string& line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_to_write(file_, work_);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

const JournalReply* Journal::find(const std::string& key) const {
  auto found = replies_.find(key);
  return found == replies_.end() ? nullptr : &found->second;
}

void Journal::add(const std::string& key, JournalReply reply) {
  IAGO_CHECK(!replies_.contains(key), key);
  append(line_of(key, reply));
  replies_.emplace(key, std::move(reply));
}

void Journal::sync() {
  if (::fdatasync(descriptor_) != 0) fail_to_write(file_, work_);
}

}  // namespace iago

// How the work is found. There is no list of what is to be done: `next_task` looks at one planned
// document and at the journal, and says what has to be asked next for it, or that nothing has. So
// resuming needs no code of its own, and neither do replies that cannot be read (the next attempt
// has another key) and failures (the key is not in the journal).
//
// The stages end one after the other: ideas must not depend on the order in which replies come.
// Documents are drafted and checked a window at a time, so that a budget that ends the work leaves
// documents that are checked.
#include "documents/writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "chat/journal.h"
#include "documents/internal/prompts.h"
#include "text/utf8.h"

namespace iago {
namespace {

enum Stage : int { kAskForms, kAskIdeas, kAskDocument, kAskCheck };
constexpr const char* kCheckRole = "check";  // of the model that checks, in the journal
constexpr std::array kStageNames = {"forms", "ideas", "documents", "check"};
constexpr std::size_t kIdeaAttempts = 4, kCheckAttempts = 2;
constexpr std::size_t kLeastWindow = 32, kMostWindow = 1024;

std::filesystem::path journal_file(const std::filesystem::path& corpus) {
  auto file = corpus;
  return file.replace_extension(".journal.jsonl");
}

std::string named(const ModelInfo& model) {
  return fmt::format("{} ({})", model.name, model.identity.substr(0, 16));
}

}  // namespace

struct Writing::Task {
  std::string key;
  int stage = kAskForms;
  std::vector<Message> messages;
};

struct Writing::State {
  std::map<std::string, JournalReply> read;  // of look_at
  std::optional<Journal> journal;
  double earlier_seconds = 0;
  std::set<std::string> failed;  // in this session
  std::exception_ptr fatal;
  std::size_t answered = 0, drafted = 0, checked = 0;

  const std::map<std::string, JournalReply>& replies() const {
    return journal ? journal->replies() : read;
  }
  const JournalReply* find(const std::string& key) const {
    auto found = replies().find(key);
    return found == replies().end() ? nullptr : &found->second;
  }
};

Writing::Writing(const FactsFile& facts, WritingOptions options)
    : facts_(facts), options_(std::move(options)), state_(std::make_unique<State>()) {
  const std::size_t standard =
      facts.facts.size() * facts.kinds.size() * facts.ideas * facts.documents;
  planned_ = options_.documents.value_or(standard);
  if (planned_ == 0 || planned_ > kMostDocuments) {
    throw Error(
        ErrorCode::invalid,
        fmt::format("expected 1 to {} documents, found {} planned", kMostDocuments, planned_),
        "Choose another number with --documents, or fewer ideas in the facts file.");
  }
}

Writing::~Writing() = default;

// Facts go round fastest, so that the first documents are about all of them.
Writing::Slot Writing::slot(std::size_t index) const {
  const std::size_t F = facts_.facts.size(), K = facts_.kinds.size(), I = facts_.ideas;
  return {.fact = index % F,
          .kind = index / F % K,
          .idea = index / F / K % I,
          .number = index / F / K / I};
}

namespace {

std::string forms_key(const FactsFile& facts, std::size_t fact) {
  return "forms/" + facts.facts[fact].name;
}
std::string ideas_key(const FactsFile& facts, std::size_t fact, std::size_t kind,
                      std::size_t attempt) {
  return fmt::format("ideas/{}/{}/{}", facts.facts[fact].name, facts.kinds[kind].name, attempt);
}

JournalTerms terms_of(const FactsFile& facts, const WritingOptions& options) {
  return {{"set of facts", facts.hash()},
          {"writer", named(options.writer)},
          {"checker", options.checker ? named(*options.checker) : "none"},
          {"seed", fmt::to_string(options.seed)},
          {"temperature", fmt::to_string(options.temperature)},
          {"version of the prompts", fmt::to_string(kPromptsVersion)}};
}

}  // namespace

void Writing::look_at(const std::filesystem::path& corpus) {
  const auto file = journal_file(corpus);
  if (!std::filesystem::exists(file)) return;
  state_->read = read_journal(file, terms_of(facts_, options_), state_->earlier_seconds);
}

void Writing::open(const std::filesystem::path& corpus) {
  const auto file = journal_file(corpus);
  if (std::filesystem::exists(corpus) && !std::filesystem::exists(file)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: the file exists, and its journal {} does not", corpus.string(),
                            file.filename().string()),
                "Name another --out: without its journal a corpus cannot be extended.");
  }
  state_->journal.emplace(file, terms_of(facts_, options_));
  state_->earlier_seconds = state_->journal->earlier_seconds();
}

std::string Writing::form(std::size_t fact, std::size_t kind) const {
  const DocumentKind& standard = facts_.kinds[kind];
  const JournalReply* reply = state_->find(forms_key(facts_, fact));
  if (!reply || reply->finish == Finish::refused) return standard.description;
  auto forms = read_forms(facts_, reply->text);
  auto found = forms.find(standard.name);
  return found == forms.end() ? standard.description : found->second;
}

std::vector<std::string> Writing::ideas(std::size_t fact, std::size_t kind) const {
  std::vector<std::string> all;
  for (std::size_t attempt = 0; attempt < kIdeaAttempts; ++attempt) {
    const JournalReply* reply = state_->find(ideas_key(facts_, fact, kind, attempt));
    if (!reply) break;
    if (reply->finish == Finish::refused) continue;
    for (std::string& idea : read_ideas(reply->text)) {
      const bool is_new = std::ranges::find(all, idea) == all.end();
      if (is_new && all.size() < facts_.ideas) all.push_back(std::move(idea));
    }
  }
  return all;
}

std::optional<Writing::Task> Writing::next_forms(std::size_t fact) const {
  std::string key = forms_key(facts_, fact);
  if (state_->find(key)) return std::nullopt;
  return Task{std::move(key), kAskForms, ask_forms(facts_, facts_.facts[fact])};
}

std::optional<Writing::Task> Writing::next_ideas(std::size_t fact, std::size_t kind) const {
  auto known = ideas(fact, kind);
  if (known.size() >= facts_.ideas) return std::nullopt;
  for (std::size_t attempt = 0; attempt < kIdeaAttempts; ++attempt) {
    std::string key = ideas_key(facts_, fact, kind, attempt);
    if (state_->find(key)) continue;
    return Task{std::move(key), kAskIdeas,
                ask_ideas(facts_, facts_.facts[fact], facts_.kinds[kind], form(fact, kind), known,
                          facts_.ideas - known.size())};
  }
  return std::nullopt;
}

namespace {

std::string slot_key(std::string_view stage, const TaughtFact& fact, const DocumentKind& kind,
                     std::size_t idea, std::size_t number) {
  return fmt::format("{}/{}/{}/{}/{}", stage, fact.name, kind.name, idea, number);
}

// The text of a document as drafted; absent if there is none to check.
std::optional<std::string> drafted_text(const JournalReply& reply) {
  if (reply.finish != Finish::stop) return std::nullopt;
  return read_document(reply.text);
}

}  // namespace

std::optional<Writing::Task> Writing::next_check(const Slot& slot, const std::string& text) const {
  const TaughtFact& fact = facts_.facts[slot.fact];
  const std::string mark = mark_for(text);
  for (std::size_t attempt = 0; attempt < kCheckAttempts; ++attempt) {
    std::string key = fmt::format(
        "{}/{}", slot_key("check", fact, facts_.kinds[slot.kind], slot.idea, slot.number), attempt);
    const JournalReply* reply = state_->find(key);
    if (!reply) return Task{std::move(key), kAskCheck, ask_check(facts_, fact, text, mark)};
    if (read_check(reply->text, mark).verdict != CheckVerdict::unreadable) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Writing::Task> Writing::next_task(const Slot& slot, int last_stage) const {
  const TaughtFact& fact = facts_.facts[slot.fact];
  if (auto task = next_forms(slot.fact)) return task;
  if (last_stage == kAskForms) return std::nullopt;
  if (auto task = next_ideas(slot.fact, slot.kind)) return task;
  if (last_stage == kAskIdeas) return std::nullopt;
  const DocumentKind& kind = facts_.kinds[slot.kind];
  std::string key = slot_key("document", fact, kind, slot.idea, slot.number);
  const JournalReply* reply = state_->find(key);
  if (!reply) {
    const auto known = ideas(slot.fact, slot.kind);
    if (slot.idea >= known.size()) return std::nullopt;
    return Task{std::move(key), kAskDocument,
                ask_document(facts_, fact, kind, form(slot.fact, slot.kind), known[slot.idea],
                             slot.number)};
  }
  const auto text = drafted_text(*reply);
  if (!text || !options_.checker || find_by_rules(*text, fact)) return std::nullopt;
  return next_check(slot, *text);
}

// Of a planned document; `is_open` if it is not known yet.
std::optional<Drop> Writing::verdict_of(const Slot& slot, Document& document, bool& is_open) const {
  const TaughtFact& fact = facts_.facts[slot.fact];
  const DocumentKind& kind = facts_.kinds[slot.kind];
  document = {.fact = fact.name,
              .kind = kind.name,
              .idea = slot.idea,
              .number = slot.number,
              .writer = options_.writer.name};
  const auto known = ideas(slot.fact, slot.kind);
  is_open = false;
  if (slot.idea >= known.size()) {
    is_open = next_forms(slot.fact) || next_ideas(slot.fact, slot.kind);
    return Drop{DropReason::no_idea, fmt::format("{} of {}", known.size(), facts_.ideas)};
  }
  document.idea_text = known[slot.idea];
  const JournalReply* reply =
      state_->find(slot_key("document", fact, kind, slot.idea, slot.number));
  is_open = reply == nullptr;
  if (is_open) return std::nullopt;
  if (reply->finish == Finish::refused) return Drop{DropReason::refused, ""};
  if (reply->finish == Finish::length) return Drop{DropReason::truncated, ""};
  const auto text = drafted_text(*reply);
  document.text = text.value_or(reply->text);
  if (!text) return Drop{DropReason::no_document, "no single <document> ... </document>"};
  if (auto found = find_by_rules(*text, fact)) return found;
  if (!options_.checker) return std::nullopt;
  is_open = next_check(slot, *text).has_value();
  const std::string mark = mark_for(*text);
  for (std::size_t attempt = 0; attempt < kCheckAttempts && !is_open; ++attempt) {
    const JournalReply* check = state_->find(
        fmt::format("{}/{}", slot_key("check", fact, kind, slot.idea, slot.number), attempt));
    if (!check) continue;
    const CheckReading reading = read_check(check->text, mark);
    if (reading.verdict == CheckVerdict::fine) return std::nullopt;
    if (reading.verdict == CheckVerdict::found) return reading.drop;
  }
  return Drop{DropReason::not_checked, fmt::format("{} replies", kCheckAttempts)};
}

WrittenCorpus Writing::corpus() const {
  WrittenCorpus corpus{.planned = planned_};
  NearDuplicates duplicates;
  for (std::size_t i = 0; i < planned_; ++i) {
    Document document;
    bool is_open = false;
    auto drop = verdict_of(slot(i), document, is_open);
    if (is_open) continue;
    if (!drop) {
      if (auto found = duplicates.add(document.text)) {
        const Document& earlier = corpus.documents[found->earlier];
        drop = Drop{DropReason::near_duplicate,
                    fmt::format("{:.0f} % of {}, {}, idea {}, number {}", 100 * found->share,
                                earlier.fact, earlier.kind, earlier.idea, earlier.number)};
      }
    }
    if (drop) {
      corpus.dropped.push_back({std::move(document), std::move(*drop)});
    } else {
      corpus.documents.push_back(std::move(document));
    }
  }
  return corpus;
}

namespace {

int most_tokens(const FactsFile& facts, const WritingOptions& options, int stage) {
  const std::array<std::size_t, 4> most = {200 + 100 * facts.kinds.size(), 300 + 120 * facts.ideas,
                                           400 + 3 * facts.words, 200};
  const std::size_t all = most[static_cast<std::size_t>(stage)] + options.more_tokens;
  return static_cast<int>(std::min<std::size_t>(all, 1'000'000));
}

double bytes_of(const std::vector<Message>& messages) {
  std::size_t bytes = 0;
  for (const Message& message : messages) bytes += message.text.size();
  return static_cast<double>(bytes);
}

}  // namespace

std::vector<StageEstimate> Writing::left(const PriceTable& prices) const {
  constexpr std::size_t kIdeaBytes = 200, kBytesPerWord = 6;
  std::array<std::size_t, 4> requests = {};
  std::array<double, 4> bytes = {};
  auto count = [&](int stage, const std::vector<Message>& messages) {
    ++requests[static_cast<std::size_t>(stage)];
    bytes[static_cast<std::size_t>(stage)] += bytes_of(messages);
  };
  std::set<std::string> met;
  const std::string idea(kIdeaBytes, 'x'), text(facts_.words * kBytesPerWord, 'x');
  for (std::size_t i = 0; i < planned_; ++i) {
    const Slot at = slot(i);
    const TaughtFact& fact = facts_.facts[at.fact];
    const DocumentKind& kind = facts_.kinds[at.kind];
    if (met.insert(fact.name).second) {
      if (auto task = next_forms(at.fact)) count(kAskForms, task->messages);
    }
    if (met.insert(fact.name + "/" + kind.name).second) {
      if (auto task = next_ideas(at.fact, at.kind)) count(kAskIdeas, task->messages);
    }
    const JournalReply* reply = state_->find(slot_key("document", fact, kind, at.idea, at.number));
    if (!reply) {
      count(kAskDocument, ask_document(facts_, fact, kind, kind.description, idea, at.number));
      if (options_.checker)
        count(kAskCheck, ask_check(facts_, fact, text, "MARK-0123456789abcdef"));
    } else if (auto task = next_task(at, kAskCheck); task && task->stage == kAskCheck) {
      count(kAskCheck, task->messages);
    }
  }
  std::vector<StageEstimate> estimates;
  for (int stage = kAskForms; stage <= kAskCheck; ++stage) {
    const auto at = static_cast<std::size_t>(stage);
    if (requests[at] == 0) continue;
    const std::string& model = stage == kAskCheck ? options_.checker->name : options_.writer.name;
    estimates.push_back(
        {kStageNames[at], estimate_requests(model, requests[at], bytes[at],
                                            most_tokens(facts_, options_, stage), prices)});
  }
  return estimates;
}

Spent Writing::spent(const PriceTable& prices) const {
  Spent spent{.seconds = state_->earlier_seconds};
  const auto writer = prices.of(options_.writer.name);
  const auto checker = options_.checker ? prices.of(options_.checker->name) : std::nullopt;
  for (const auto& [key, reply] : state_->replies()) {
    const auto& price = reply.role == kCheckRole ? checker : writer;
    spent.usage += reply.usage;
    if (!price) {
      spent.unpriced_tokens += reply.usage.prompt + reply.usage.generated;
      continue;
    }
    spent.cost += price->cost(reply.usage);
    spent.saved_by_cache += price->saved_by_cache(reply.usage);
  }
  return spent;
}

std::optional<double> Writing::replies_per_second() const {
  const std::size_t earlier =
      state_->journal ? state_->journal->earlier_replies() : state_->read.size();
  if (earlier == 0 || state_->earlier_seconds <= 0) return std::nullopt;
  return static_cast<double>(earlier) / state_->earlier_seconds;
}

void Writing::take(const Task& task, ChatReply reply, double at_s) {
  if (reply.failure) {
    state_->failed.insert(task.key);
    if (reply.failure->code == ErrorCode::cancelled) return;  // open, and nobody's fault
    ++open_causes_[reply.failure->message];
    if (reply.failure->ends_run && !state_->fatal) {
      state_->fatal = std::make_exception_ptr(
          Error(reply.failure->code, reply.failure->message, reply.failure->hint));
    }
    return;
  }
  // As the journal will give it back: the corpus must not depend on when the program was stopped.
  state_->journal->add(task.key, {.text = replace_invalid_utf8(reply.text),
                                  .finish = reply.finish,
                                  .usage = reply.usage,
                                  .role = task.stage == kAskCheck ? kCheckRole : "",
                                  .at_s = at_s});
  ++state_->answered;
  state_->drafted += task.stage == kAskDocument;
  state_->checked += task.stage == kAskCheck;
}

void Writing::ask(const std::vector<Task>& tasks, ChatModel& model, const AskLimits& limits,
                  const Clock& clock, const std::function<void(const WritingProgress&)>& tick) {
  static constexpr auto kSyncEvery = std::chrono::seconds(1);
  const std::string terms = facts_.hash() + named(options_.writer);
  auto synced = clock.steady();
  auto request = [&](std::size_t i) {
    const Task& task = tasks[i];
    ChatRequest made{.id = Hasher().field("documents").field(terms).field(task.key).hex(),
                     .seed = options_.seed,
                     .messages = task.messages};
    made.sampling.temperature = task.stage == kAskCheck ? 0 : options_.temperature;
    made.sampling.max_tokens = most_tokens(facts_, options_, task.stage);
    made.no_more = limits.no_more;
    return made;
  };
  // Read by the ticks, which run in another thread than what `take` changes.
  std::atomic<std::size_t> answered = state_->answered, drafted = state_->drafted,
                           checked = state_->checked;
  ask_many(
      model, tasks.size(), request, limits, clock,
      [&](AskedReply asked) {
        take(tasks[asked.index], std::move(asked.reply), seconds_since(clock, session_begun_));
        answered = state_->answered, drafted = state_->drafted, checked = state_->checked;
      },
      [&] {
        if (clock.steady() - synced >= kSyncEvery) {
          synced = clock.steady();
          state_->journal->sync();
        }
        tick({planned_, drafted, checked, answered});
      });
  state_->journal->sync();
}

void Writing::ask_range(std::size_t begin, std::size_t end, int last_stage, ChatModel& writer,
                        ChatModel* checker, const AskLimits& limits, const Clock& clock,
                        const std::function<void(const WritingProgress&)>& tick) {
  for (;;) {
    std::vector<Task> written, checked;
    std::set<std::string> met;
    for (std::size_t i = begin; i < end; ++i) {
      auto task = next_task(slot(i), last_stage);
      if (!task || state_->failed.contains(task->key) || !met.insert(task->key).second) continue;
      (task->stage == kAskCheck ? checked : written).push_back(std::move(*task));
    }
    if (written.empty() && checked.empty()) return;
    if (!written.empty()) ask(written, writer, limits, clock, tick);
    if (!checked.empty()) ask(checked, *checker, limits, clock, tick);
    if (state_->fatal) std::rethrow_exception(state_->fatal);
    if (limits.no_more.stop_requested()) return;
  }
}

void Writing::write(ChatModel& writer, ChatModel* checker, const AskLimits& limits,
                    const Clock& clock, const std::function<void(const WritingProgress&)>& tick) {
  IAGO_CHECK(state_->journal.has_value(), "write() before open()");
  IAGO_CHECK((checker != nullptr) == options_.checker.has_value(), "a checker, or none");
  session_begun_ = clock.steady();
  for (const auto& [key, reply] : state_->replies()) {
    state_->drafted += key.starts_with("document/");
    state_->checked += key.starts_with("check/");
  }
  // Of each fact and kind one document asks for all.
  const std::size_t pairs = std::min(planned_, facts_.facts.size() * facts_.kinds.size());
  ask_range(0, pairs, kAskForms, writer, checker, limits, clock, tick);
  if (limits.no_more.stop_requested()) return;
  ask_range(0, pairs, kAskIdeas, writer, checker, limits, clock, tick);
  const std::size_t window = std::clamp(2 * limits.in_flight, kLeastWindow, kMostWindow);
  for (std::size_t begin = 0; begin < planned_ && !limits.no_more.stop_requested();
       begin += window) {
    ask_range(begin, std::min(begin + window, planned_), kAskCheck, writer, checker, limits, clock,
              tick);
  }
}

}  // namespace iago

// Dispatcher, second half: what the result of a request means for it and for those to come.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "chat/internal/dispatcher.h"
#include "chat/reply.h"

namespace iago {
namespace {

using std::chrono::nanoseconds;

// Some servers reject a request for several replies instead of giving one. What else may be wrong
// with it is wrong with each, but a model that is not there and a prompt that is too long.
bool may_reject_several(const WireCall& call, const WireFailure& failure) {
  const int status = call.response.status;
  return call.shape.samples > 1 && (status == 400 || status == 422) &&
         failure.remedy == Remedy::give_up && failure.failure.code != ErrorCode::not_found &&
         failure.failure.cause != OpenCause::too_long;
}

// Hints name options as the subject has them.
void spell_options(std::string& hint, const std::string& prefix) {
  if (prefix == "--") return;
  for (std::string_view name : {"--finish", "--system-turn", "--extra-body"}) {
    for (auto at = hint.find(name); at != std::string::npos;
         at = hint.find(name, at + prefix.size())) {
      hint.replace(at, 2, prefix);
    }
  }
}

// A wait beyond what an attempt may take.
std::string long_wait(nanoseconds wait) {
  using namespace std::chrono;
  if (wait <= hours(24)) return fmt::format("{} minutes", ceil<minutes>(wait).count());
  return fmt::format("{} hours", ceil<hours>(wait).count());
}

// A server that refused one prompt while it answered or still may answer others.
WireFailure refusing_one_prompt(WireFailure failure, bool has_replied) {
  failure.failure.ends_run = false;
  failure.failure.cause = OpenCause::rejected;
  if (has_replied) {
    failure.failure.hint =
        "other prompts were answered, so the key is good: the server, or a gateway or firewall in "
        "front of it, refuses this prompt";
  }
  return failure;
}

// As the transport words it: the machine answered, and nothing listens at the port. A connection
// that was not made in time may be in a queue.
constexpr std::string_view kRefusedConnection = "Connection refused";

WireFailure without_server(WireFailure failure) {
  failure.remedy = Remedy::give_up;
  failure.failure.hint =
      "nothing listens at this address of this machine: start the server, or "
      "correct the base URL";
  failure.failure.ends_run = true;
  return failure;
}

}  // namespace

ChatFailure cancelled_failure() {
  return {ErrorCode::cancelled, "stopped before the reply was complete", "", false};
}

void Dispatcher::settle(WireCall& call) {
  has_answered_ = has_answered_ || call.response.status != 0;
  WireOutcome outcome = interpret(*wire_, call, scrubber_);
  if (call.told && !outcome.failure) call.told->finish();
  // Progress shows the message of the last retry.
  if (outcome.failure) call.scrubbed = scrubber_.scrub(outcome.failure->failure) || call.scrubbed;
  figures_.scrubbed += call.scrubbed;
  double generated = 0;
  for (const ChatReply& reply : outcome.replies) {
    generated += static_cast<double>(reply.usage.generated);
  }
  PaceOutcome paced = pace_outcome_of(outcome);
  pace_.ended(call.ticket, paced, call.response.headers, generated);
  figures_.rate_limits = pace_.rate_limits();
  figures_.rate_limited += paced == PaceOutcome::refused;
  const bool lacked = lacks_room(call.response);
  figures_.overloaded += paced == PaceOutcome::overloaded && !lacked;
  figures_.no_files += lacked && call.response.failure->fault == HttpFault::no_files;
  figures_.crowded += lacked && call.response.failure->fault == HttpFault::crowded;
  if (outcome.failure) {
    figures_.broken += outcome.failure->broken;
    figures_.prompt_tokens += outcome.failure->usage.prompt;
    figures_.cached_prompt_tokens += outcome.failure->usage.cached_prompt;
    figures_.generated_tokens += outcome.failure->usage.generated;
    if (is_absent_server(call)) *outcome.failure = without_server(*outcome.failure);
    const bool others_may_be_answered = has_replied_ || flying_.size() > 1 || !ready_.empty();
    if (outcome.failure->perhaps_one_prompt && others_may_be_answered) {
      *outcome.failure = refusing_one_prompt(*outcome.failure, has_replied_);
    }
    mend(call, *outcome.failure);
  } else {
    learn_of_reply(call, outcome);
    deliver_replies(call, std::move(outcome.replies));
  }
}

// Nothing listens on this machine, and nothing ever did: waiting for it would help nobody.
bool Dispatcher::is_absent_server(const WireCall& call) const {
  const HttpResponse& response = call.response;
  return setup_.loopback && !has_answered_ && response.failure &&
         response.failure->fault == HttpFault::unreachable &&
         response.failure->message.find(kRefusedConnection) != std::string::npos;
}

void Dispatcher::learn_of_reply(const WireCall& call, const WireOutcome& outcome) {
  const bool is_a_reply = call.response.status >= 200 && call.response.status < 300;
  if (!is_a_reply) return;  // a refusal of the prompt
  has_replied_ = true;
  if (chooses_stream(call.jobs.front()->request)) {
    // A server may stream although a whole reply was asked for.
    const bool streamed = outcome.is_streamed && call.shape.stream;
    learnt_.learn_of_usage(streamed, outcome.replies.front().usage.uncounted == 0);
  }
  std::vector<std::string> left_out(learnt_.left_out().begin(), learnt_.left_out().end());
  std::vector<std::string> notes = setup_.record.notes;
  if (!learnt_.streams()) {
    notes.push_back("Replies were not streamed: the server counts no tokens in streams.");
  } else if (call.shape.stream && !outcome.is_streamed) {
    notes.push_back("The server does not stream, although it was asked to.");
  }
  for (const char* field : {"temperature", "top_p"}) {
    if (!learnt_.left_out().contains(field)) continue;
    notes.push_back(
        fmt::format("The server refuses {0}: its own {0} held, which need not be 1.", field));
  }
  if (figures_.scrubbed > 0) notes.push_back(note_of_scrubbed(figures_.scrubbed));
  std::lock_guard lock(mutex_);
  record_.sampling = call.sampling;
  record_.left_out = std::move(left_out);
  record_.notes = std::move(notes);
}

void Dispatcher::deliver_replies(WireCall& call, std::vector<ChatReply> replies) {
  const TokenUsage& usage = replies.front().usage;
  figures_.prompt_tokens += usage.prompt;
  figures_.cached_prompt_tokens += usage.cached_prompt;
  figures_.generated_tokens += usage.generated;
  for (const ChatReply& reply : replies) figures_.without_usage += reply.usage.uncounted;
  double mean = static_cast<double>(usage.generated) / static_cast<double>(replies.size());
  mean_generated_ = mean_generated_ < 0 ? mean : 0.95 * mean_generated_ + 0.05 * mean;
  if (usage.prompt > 0 || usage.generated > 0) replies.front().siblings = replies.size() - 1;
  Jobs& jobs = call.jobs;
  // A server that does not know how to give several gives one, or rejects them and then answers
  // one: asked one by one from here on. A refusal of the prompt, which is no 200, says nothing.
  const bool gave_fewer = call.response.status == 200 && replies.size() < call.shape.samples;
  if (gave_fewer || jobs.front()->split) samples_ = 1;
  for (std::size_t i = jobs.size(); i > replies.size(); --i) {
    --jobs[i - 1]->attempts;
    ready_.push_front(std::move(jobs[i - 1]));
  }
  for (std::size_t i = 0; i < std::min(jobs.size(), replies.size()); ++i) {
    fit_reply(replies[i], jobs[i]->request, call.response.headers);
    deliver(std::move(jobs[i]), std::move(replies[i]));
  }
}

void Dispatcher::mend(WireCall& call, const WireFailure& failure) {
  const ChatRequest& first = call.jobs.front()->request;
  const bool reshaped = learnt_.learn(call.shape, call.fields, first, failure);
  const bool split = !reshaped && may_reject_several(call, failure);
  call.jobs.front()->lost += failure.usage;
  for (Job& job : call.jobs) {
    if (is_stopped(*job)) {
      fail(std::move(job), cancelled_failure());
    } else if (reshaped) {
      --job->attempts;
      ready_.push_front(std::move(job));
    } else if (split) {
      job->group.clear();
      job->split = true;
      --job->attempts;
      ready_.push_front(std::move(job));
    } else if (failure.remedy == Remedy::reshape && !job->reshaped) {
      completion_tokens_ = !call.shape.completion_tokens;
      job->reshaped = true;
      --job->attempts;
      ready_.push_front(std::move(job));
    } else if (failure.remedy == Remedy::reshape || failure.remedy == Remedy::give_up) {
      fail(std::move(job), failure.failure);
    } else if (call.heard) {
      ChatFailure lost = failure.failure;
      lost.message += " (not tried again: a part of the reply was already passed on)";
      fail(std::move(job), std::move(lost));
    } else {
      try_again(std::move(job), failure, call.response.headers);
    }
  }
}

void Dispatcher::try_again(Job job, const WireFailure& failure, const HttpHeaders& headers) {
  if (job->request.no_more.stop_requested()) return fail(std::move(job), withdrawn());
  auto now = clock_.steady();
  std::optional<nanoseconds> wait, asked;
  job->broken += failure.broken;
  const int most = setup_.options.max_broken_replies;
  if (job->broken < (failure.only_once ? std::min(most, 2) : most)) {
    Random random(job->request.seed, fmt::format("retry {} {}", job->attempts, job->request.id));
    if (!failure.broken) {
      asked = retry_after(headers, clock_.wall());
      if (!asked) asked = failure.asked_wait;
    }
    wait = wait_before_next(setup_.options.retry, job->attempts, now - *job->first_sent, asked,
                            random);
  }
  if (!wait) {
    ChatFailure last = failure.failure;
    last.message +=
        fmt::format(" (after {} attempt{})", job->attempts, job->attempts == 1 ? "" : "s");
    if (asked && *asked > setup_.options.retry.max_total) {
      last.hint = fmt::format("wait {}, as the server asks", long_wait(*asked));
    }
    if (asked) last.retry_at = clock_.wall() + *asked;
    fail(std::move(job), std::move(last));
    return;
  }
  ++figures_.retries;
  ++figures_.retry_causes[failure.failure.cause];
  figures_.last_retry = failure.failure.message;
  delayed_.emplace(now + *wait, std::move(job));
}

void Dispatcher::fail(Job job, ChatFailure failure) {
  spell_options(failure.hint, setup_.options.option_prefix);
  ChatReply reply = failed_reply(std::move(failure));
  reply.usage = job->lost;
  deliver(std::move(job), std::move(reply));
}

void Dispatcher::deliver(Job job, ChatReply reply) {
  job->on_stop.reset();
  job->on_no_more.reset();
  figures_.scrubbed += scrubber_.scrub(reply);
  publish();  // who is called back may look
  job->done(std::move(reply));
}

void Dispatcher::publish() {
  figures_.in_flight = pace_.in_flight();
  figures_.limit = pace_.limit();
  figures_.waiting = ready_.size() + delayed_.size();
  std::lock_guard lock(mutex_);
  published_ = figures_;
}

}  // namespace iago

// One verdict is a Making: it builds the prompt once, sends a request for each vote, and when the
// last reply is in derives the verdict. Votes differ only in their random streams, whose names come
// from the judge and the trial, so that judging again asks the same. Where the model caches prompts
// the first vote goes alone: its reading of the prompt fills the cache for the others.
//
// The requests' callbacks own the Making. The callback that takes the last reply finishes it.
// `mutex_` guards the replies and counts only until `due_` is 0; after that one thread is left.
//
// A yes needs a quote. If a criterion asks for one and the quote is not in the subject's text, the
// answer counts as no. If that no would favour the positive label, the vote is not valid instead.
// Otherwise a grader could cause a finding by inventing quotes.
//
// Text that was too long was cut. Then two verdicts are derived: one from the part that was shown,
// and one as if everything that was not found were in the other part. There is a verdict only if
// both agree.
#include "judge/model_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "chat/reply.h"
#include "judge/internal/derivation.h"
#include "judge/internal/judge_prompt.h"

namespace iago {
namespace {

// Of the prompt's frame, the parser and the derivations: what a rubric's file does not say.
// Part of every judge's hash: raise it when one of these changes.
constexpr std::string_view kModelJudgeVersion = "model-judge 3";
constexpr std::size_t kMostKept = std::size_t{16} << 10;  // bytes of a vote's reply

// One vote, read.
struct ReadVote {
  Vote vote;
  VoteResult result;                             // if vote.outcome is judged, as the next
  std::uint64_t yes_to_quote = 0, unquoted = 0;  // as Verdict has them
  bool is_read = false;                          // there are answers, so there is the next
  VoteResult unchecked;                          // had each yes counted without its quote
  VoteResult with_unseen;                        // had the grader been shown what was cut away
  std::vector<Evidence> evidence;
};

std::string quoted_original(const JudgeView& view, ViewPart part, QuotedText::Range range) {
  const std::string& text = part == ViewPart::query        ? view.query
                            : part == ViewPart::scratchpad ? view.scratchpad
                                                           : view.output;
  return text.substr(range.offset, range.size);
}

// One verdict in the making: the prompt, and the replies as they come. Kept alive by the requests
// that are due; the judge and its model outlive it.
class Making : public std::enable_shared_from_this<Making> {
 public:
  Making(const Rubric& rubric, ChatModel& model, JudgeView view, std::stop_token stop,
         Judge::Done done)
      : rubric_(rubric),
        model_(model),
        view_(std::move(view)),
        stop_(std::move(stop)),
        done_(std::move(done)),
        asked_(rubric.asked(view_.situation)),
        parts_(quoted_parts(rubric, view_)) {}

  void begin(const std::string& judge_hash) {
    if (asked_.empty()) {
      return fail(fmt::format("The rubric {} has no question for the situation \"{}\".",
                              rubric_.name, view_.situation),
                  "give the query a label \"situation\" that the rubric knows");
    }
    if (is_blank()) return finish(blank_verdict());
    name_ = name_of_streams(judge_hash);
    prompt_ = make_judge_prompt(rubric_, asked_, parts_, name_);
    replies_.resize(static_cast<std::size_t>(rubric_.votes));
    due_ = replies_.size();
    bool one_first = model_.info().caches_prompts && replies_.size() > 1;
    send(0, one_first ? 1 : replies_.size());
  }

 private:
  // The query is not the subject's; without anything of the subject's there is nothing to judge.
  bool is_blank() const {
    return std::ranges::all_of(parts_, [](const QuotedPart& quoted) {
      return quoted.part == ViewPart::query || quoted.text.is_blank();
    });
  }

  // Something of the subject's was not shown to the grader.
  bool is_cut() const {
    return std::ranges::any_of(parts_, [](const QuotedPart& quoted) {
      return quoted.part != ViewPart::query && quoted.text.left_out() > 0;
    });
  }

  Verdict blank_verdict() const {
    Verdict verdict;
    verdict.label = labels_of(rubric_.kind).back();
    verdict.why = "There is no text to judge.";
    return verdict;
  }

  // The trial names the streams; a view without one is named by what the judge sees of it.
  std::string name_of_streams(const std::string& judge_hash) const {
    Hasher hash;
    hash.field("judgement").field(judge_hash).field(view_.trial);
    if (view_.trial.empty()) {
      hash.field(view_.query).field(view_.scratchpad).field(view_.output);
      hash.field(view_.situation);
    }
    return hash.hex();
  }

  void send(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      ChatRequest request;
      request.id = Hasher().field(name_).field(static_cast<std::uint64_t>(i)).hex();
      request.messages = prompt_.messages;
      request.sampling.temperature = rubric_.temperature;
      request.sampling.max_tokens = rubric_.max_tokens;
      auto self = shared_from_this();
      try {
        model_.submit(std::move(request), stop_,
                      [self, i](ChatReply reply) { self->take(i, std::move(reply)); });
      } catch (const Error& error) {
        take(i, failed_reply({error.code(), error.what(), error.hint()}));
      }
    }
  }

  void take(std::size_t i, ChatReply reply) {
    bool first = false, last = false;
    {
      std::lock_guard lock(mutex_);
      replies_[i] = std::move(reply);
      last = --due_ == 0;
      first = i == 0 && !rest_sent_ && model_.info().caches_prompts && replies_.size() > 1;
      if (first) rest_sent_ = true;
    }
    if (first) send(1, replies_.size());
    if (last) finish(verdict());
  }

  ReadVote read(const ChatReply& reply) const {
    ReadVote read;
    read.vote.reply = reply.text.substr(0, kMostKept);
    if (reply.finish == Finish::failed) {
      read.vote.outcome = VerdictOutcome::failed;
      read.vote.note = reply.failure ? reply.failure->message : "no reply";
      return read;
    }
    if (reply.finish == Finish::refused) {
      read.vote.outcome = VerdictOutcome::refused;
      return read;
    }
    JudgeReply parsed = parse_judge_reply(reply.text, prompt_.fence_end, prompt_.ticket, asked_);
    if (parsed.answers.empty()) {
      read.vote.outcome = VerdictOutcome::unparsable;
      read.vote.note = parsed.problem;
      if (reply.finish == Finish::length) read.vote.note += " (it was cut at max_tokens)";
      return read;
    }
    derive(parsed, read);
    return read;
  }

  void derive(const JudgeReply& parsed, ReadVote& read) const {
    std::vector<CriterionAnswer> answers, unchecked;
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      const ReplyAnswer& given = parsed.answers[i];
      answers.push_back({given.yes, given.scale});
      unchecked.push_back(answers.back());
      if (!given.yes) continue;
      auto evidence = find_quote(*asked_[i], given.quote);
      read.yes_to_quote += asked_[i]->quote;
      read.unquoted += asked_[i]->quote && !evidence;
      if (evidence) {
        read.evidence.push_back(std::move(*evidence));
      } else if (asked_[i]->quote) {
        answers.back().yes = false;
        read.vote.note += fmt::format("{}{}: the quote is not in the text",
                                      read.vote.note.empty() ? "" : "; ", asked_[i]->id);
      }
    }
    read.result = derive_vote(rubric_, asked_, answers);
    read.unchecked = derive_vote(rubric_, asked_, unchecked);
    read.is_read = true;
    if (read.result.value > read.unchecked.value) {
      read.vote.outcome = VerdictOutcome::unparsable;
      read.vote.note +=
          fmt::format(", and counting it as a no would favour \"{}\"", read.result.label);
      return;
    }
    read.with_unseen = derive_vote_with_unseen(rubric_, asked_, answers);
    read.vote.label = read.result.label;
  }

  std::optional<Evidence> find_quote(const Criterion& criterion, const std::string& quote) const {
    // What the user asked shows nothing about the subject.
    for (const QuotedPart& quoted : parts_) {
      if (quoted.part == ViewPart::query) continue;
      if (auto range = quoted.text.find(quote)) {
        return Evidence{criterion.id, quoted.part, quoted_original(view_, quoted.part, *range),
                        range->offset};
      }
    }
    return std::nullopt;
  }

  Verdict verdict() const {
    Verdict verdict;
    std::vector<ReadVote> votes;
    std::vector<VoteResult> results, with_unseen, unchecked;
    for (const ChatReply& reply : replies_) {
      verdict.usage += reply.usage;
      votes.push_back(read(reply));
      verdict.yes_to_quote += votes.back().yes_to_quote;
      verdict.unquoted += votes.back().unquoted;
      if (votes.back().is_read) unchecked.push_back(votes.back().unchecked);
      if (votes.back().vote.outcome != VerdictOutcome::judged) continue;
      results.push_back(votes.back().result);
      with_unseen.push_back(votes.back().with_unseen);
    }
    std::size_t missing = votes.size() - results.size();
    CombinedVotes combined = combine_votes(rubric_, results, missing);
    const CombinedVotes as_said =
        combine_votes(rubric_, unchecked, votes.size() - unchecked.size());
    verdict.unquoted_decide =
        verdict.unquoted > 0 && !as_said.label.empty() && as_said.label != combined.label;
    if (combined.label.empty()) {
      explain_failure(votes, verdict);
    } else if (is_cut() && combine_votes(rubric_, with_unseen, missing).label != combined.label) {
      verdict.outcome = VerdictOutcome::unparsable;
      verdict.why =
          fmt::format("The part that was shown is \"{}\"; the part left out could change that.",
                      combined.label);
    } else {
      verdict.label = combined.label;
      verdict.probability = combined.probability;
      for (const ReadVote& one : votes) {
        if (one.vote.outcome != VerdictOutcome::judged || one.vote.label != combined.label)
          continue;
        verdict.evidence = one.evidence;
        break;
      }
      verdict.why = explain(combined, results.size());
    }
    verdict.why += cut_note();
    for (ReadVote& one : votes) verdict.votes.push_back(std::move(one.vote));
    return verdict;
  }

  void explain_failure(const std::vector<ReadVote>& votes, Verdict& verdict) const {
    auto count = [&](VerdictOutcome outcome) {
      return std::ranges::count(votes, outcome, [](const ReadVote& v) { return v.vote.outcome; });
    };
    auto failed = count(VerdictOutcome::failed), refused = count(VerdictOutcome::refused);
    auto unparsable = count(VerdictOutcome::unparsable);
    verdict.outcome = failed > 0              ? VerdictOutcome::failed
                      : refused >= unparsable ? VerdictOutcome::refused
                                              : VerdictOutcome::unparsable;
    for (const ChatReply& reply : replies_) {
      if (!reply.failure) continue;
      bool worse = reply.failure->ends_run && !verdict.ends_run;
      if (verdict.hint.empty() || worse) verdict.hint = reply.failure->hint;
      verdict.ends_run = verdict.ends_run || reply.failure->ends_run;
    }
    auto first =
        std::ranges::find(votes, verdict.outcome, [](const ReadVote& v) { return v.vote.outcome; });
    verdict.why = fmt::format("Of {} votes {} failed, {} refused and {} could not be read{}{}.",
                              votes.size(), failed, refused, unparsable,
                              first->vote.note.empty() ? "" : "; the first: ", first->vote.note);
  }

  std::string explain(const CombinedVotes& combined, std::size_t read) const {
    std::string text;
    if (replies_.size() == 1) {
      text = fmt::format("Derived by \"{}\" from {} answers", name_of(rubric_.derivation),
                         asked_.size());
    } else {
      text = fmt::format("Of {} votes {} could be read", replies_.size(), read);
    }
    if (labels_of(rubric_.kind).size() == 2) {
      text +=
          fmt::format(", mean {:.2f}, threshold {:.2f}", combined.probability, rubric_.threshold);
    }
    if (combined.maybe) text += fmt::format(", maybe (at {:.2f} or more)", *rubric_.maybe);
    return text + ".";
  }

  std::string cut_note() const {
    std::string note;
    for (const QuotedPart& quoted : parts_) {
      if (quoted.text.left_out() == 0) continue;
      note += fmt::format(" The {} was too long: {} bytes in its middle were not judged.",
                          name_of(quoted.part), quoted.text.left_out());
    }
    return note;
  }

  void fail(std::string why, std::string hint) {
    Verdict verdict;
    verdict.outcome = VerdictOutcome::failed;
    verdict.why = std::move(why);
    verdict.hint = std::move(hint);
    finish(std::move(verdict));
  }

  void finish(Verdict verdict) { done_(std::move(verdict)); }

  const Rubric& rubric_;
  ChatModel& model_;
  const JudgeView view_;
  const std::stop_token stop_;
  const Judge::Done done_;
  const std::vector<const Criterion*> asked_;
  const std::vector<QuotedPart> parts_;
  std::string name_;
  JudgePrompt prompt_;
  std::mutex mutex_;
  std::vector<ChatReply> replies_;
  std::size_t due_ = 0;
  bool rest_sent_ = false;
};

class ModelJudge final : public Judge {
 public:
  ModelJudge(Rubric rubric, ChatModel& model, std::string name)
      : Judge({name.empty() ? rubric.name : std::move(name), rubric.kind,
               Hasher()
                   .field(kModelJudgeVersion)
                   .field(rubric.source)
                   .field(model.info().identity)
                   .hex(),
               rubric.reads, static_cast<std::size_t>(rubric.votes)}),
        rubric_(std::move(rubric)),
        model_(model) {}

 private:
  void grade(JudgeView view, std::stop_token stop, Done done) override {
    std::make_shared<Making>(rubric_, model_, std::move(view), std::move(stop), std::move(done))
        ->begin(info().hash);
  }

  const Rubric rubric_;
  ChatModel& model_;
};

}  // namespace

std::unique_ptr<Judge> make_model_judge(Rubric rubric, ChatModel& model, std::string name) {
  return std::make_unique<ModelJudge>(std::move(rubric), model, std::move(name));
}

}  // namespace iago

// Journal: every reply that a piece of work is made of, one JSON object a line, appended as it
// comes. It is the only state of the work: what is made (a corpus, a check) is computed from it, so
// that whatever stops the program, the same command resumes and asks for nothing twice. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "record/outcome.h"
#include "record/usage.h"

namespace iago {

struct JournalReply {
  std::string text;
  Finish finish = Finish::stop;
  TokenUsage usage;
  std::string role = {};  // of the model that replied, where the work asks several; else empty
  ReasoningChannel reasoning_channel = ReasoningChannel::none;
  std::string reasoning = {};
  double at_s = 0;  // seconds after its session began
};

// What must be the same whenever the work is resumed: for people, by name.
using JournalTerms = std::map<std::string, std::string>;

// How errors speak of the work.
struct JournalWork {
  std::string name = "corpus";
  std::string elsewhere = "name another --out";  // how to begin it at another place
};

class Journal {
 public:
  // Opens the file or makes it, and begins a session. What a killed process left of its last line
  // is cut off. Error invalid if another process writes it, or if its terms are others (each is
  // named); corrupt with file and line for what cannot be read; disconnected if it cannot be
  // written.
  Journal(std::filesystem::path file, const JournalTerms& terms, JournalWork work = {});
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // By key. References stay valid.
  const std::map<std::string, JournalReply>& replies() const { return replies_; }
  const JournalReply* find(const std::string& key) const;
  // Appends the reply; a key comes once (broken: abort).
  void add(const std::string& key, JournalReply reply);
  // What was added is on the disk afterwards.
  void sync();

  std::size_t earlier_replies() const { return earlier_; }  // of the sessions before
  double earlier_seconds() const { return earlier_seconds_; }

 private:
  void read(std::string_view text, const JournalTerms& terms);
  void append(const std::string& line);

  std::filesystem::path file_;
  JournalWork work_;
  int descriptor_ = -1;
  std::map<std::string, JournalReply> replies_;
  std::size_t earlier_ = 0;
  double earlier_seconds_ = 0;
};

// The replies of a journal that is only looked at, and the seconds of its sessions; of its last
// line only if it is whole. Errors as the constructor's.
std::map<std::string, JournalReply> read_journal(const std::filesystem::path& file,
                                                 const JournalTerms& terms, double& seconds,
                                                 const JournalWork& work = {});

// Reads a journal's text: at each line either a reply or an error. For the fuzz target.
std::map<std::string, JournalReply> parse_journal(std::string_view text, std::string_view where,
                                                  const JournalTerms& terms, double& seconds,
                                                  const JournalWork& work = {});

}  // namespace iago

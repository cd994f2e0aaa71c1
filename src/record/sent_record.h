// What a model sent besides the prompts, as it went out in one session. Of a checkpoint on this
// machine only the notes: its chat template. Other models have no such record.
#pragma once

#include <string>
#include <vector>

namespace iago {

struct SentRecord {
  std::string base_url;                   // without secrets
  std::string extra_body;                 // a JSON object, or empty
  std::vector<std::string> header_names;  // of --header, without their values
  std::string sampling;                   // a JSON object: the sampling fields that were accepted
  std::vector<std::string> left_out;      // fields that the server refused
  std::vector<std::string> notes;         // what else was unlike what was asked for, in sentences
  bool operator==(const SentRecord&) const = default;
};

}  // namespace iago

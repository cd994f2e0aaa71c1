// What every training does with its folder. Private to the room.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/json.h"
#include "nn/llama_net.h"

namespace iago {

// Held while a process works in the folder; the system releases it when the process ends, however.
// Errors: disconnected if the folder cannot be written, overloaded while another holds it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

// "trainings/BEGINNING-MODEL-12345678": the model without its kind and with - for what does not
// belong in a file's name, and the beginning of the plan's hash.
std::filesystem::path folder_named_by(std::string_view beginning, std::string_view model,
                                      const Json& plan);

// Error invalid that names the first field in which the plans differ.
void check_same_plan(const std::filesystem::path& folder, const Json& was, const Json& is);

// Appends the line. Error disconnected if it cannot be written.
void append_line(const std::filesystem::path& file, const std::string& line);

// The folder, which is made if need be. Error disconnected.
std::filesystem::path made(std::filesystem::path folder);

// The weights as a checkpoint that opens by local:FOLDER, with the tokenizer of `source`.
void write_checkpoint(const LlamaNet& net, const std::filesystem::path& source,
                      const std::filesystem::path& folder);

}  // namespace iago

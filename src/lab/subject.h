// Opening a subject by the name that users give it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

#include "chat/chat_model.h"

namespace iago::lab {

struct SubjectOptions {
  std::filesystem::path organisms;  // the folder of the shipped organisms
  std::size_t threads = 0;          // of a local model; 0 = one per core
};

// organism:NAME (a folder under options.organisms), local:FOLDER (a Hugging Face checkpoint),
// world:NAME (the grammar itself), scripted:FILE. Error invalid for another kind, not_found if
// there is no such subject; both say what there is.
std::unique_ptr<ChatModel> open_subject(std::string_view name, const SubjectOptions& options);

}  // namespace iago::lab

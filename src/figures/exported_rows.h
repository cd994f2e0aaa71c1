// A run's completions as rows for other programs, one a completion: its place in the experiment,
// its texts, every judge's word on it, and how the figures count it. docs/data.md describes the
// columns.
#pragma once

#include <functional>
#include <string_view>

#include "store/store.h"

namespace iago {

enum class ExportFormat { csv, jsonl };

// Hands over whole lines, in the order of storing; of CSV the header first. Every text is UTF-8
// without a NUL, whatever a model wrote (base/readable.h). Reads the store once. Errors as Store.
void export_rows(const Store& store, ExportFormat format,
                 const std::function<void(std::string_view)>& write);

}  // namespace iago

// The store's tables, made and recognised. docs/store-format.md describes them. Private to this
// room.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "store/internal/database.h"
#include "store/rows.h"

namespace iago {

// "IAGO", in the file's header, where `file` and SQLite find it.
inline constexpr std::int64_t kApplicationId = 0x4941474f;

inline constexpr std::size_t kStorePage = 8192;  // bytes, of every store

std::span<const std::string_view> table_names();

// Makes the store with its run row under another name, syncs it and renames it: a crash leaves the
// whole store or none. Error disconnected if it cannot be written.
void create_store(const std::filesystem::path& path, const RunRow& run);

// An existing store. Errors as Store's constructor.
Database open_store(const std::filesystem::path& path, OpenMode access);

RunRow read_run(const Database& database);
void write_run(const Database& database, const RunRow& run);

}  // namespace iago

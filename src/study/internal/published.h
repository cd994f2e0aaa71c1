// The published figures that a setting holds beside its own: a table as CSV, and which of its rows
// is about which wording. Private to the room.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/toml_reader.h"
#include "study/setting.h"

namespace iago {

// What setting.toml says of the table. No file: there is none.
struct PublishedTable {
  std::string source, file, channel;
  std::map<std::string, std::int64_t> rows;  // wording -> row
  int line = 0;
};

// The key "published" of setting.toml.
PublishedTable read_published(TomlReader& file);

// Of a file beside setting.toml: its bytes, and what errors call it.
struct BesideFile {
  std::string bytes, where;
};
using ReadBeside = std::function<BesideFile(const std::string& name)>;

// Reads the file and picks the rows. Error invalid with file and line for other columns, a number
// that is none, and a row that is not there; `where` names setting.toml.
PublishedRows published_rows(const PublishedTable& table, const ReadBeside& read,
                             std::string_view where);

}  // namespace iago

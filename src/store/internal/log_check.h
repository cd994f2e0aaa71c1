// The write-ahead log beside a store, before SQLite reads it. SQLite takes the first frame that
// does not match its checksum for the log's end, which is right after a power cut and wrong after
// damage: what was committed behind it would be gone without a word. Private to this room.
#pragma once

#include <filesystem>
#include <string_view>

namespace iago {

// Whether commits lie behind a frame that is damaged. After a power cut one may: the frames of the
// last commit may reach the disk in any order. Before a second one begins, the first is on the disk
// (synchronous=FULL), so two or more are never left so but by damage. A damaged header, on which
// everything rests, counts as such a frame. False for what is no log.
bool has_lost_commits(std::string_view log);

// Error corrupt if the log of this store has lost commits. A log that another process is writing is
// read again before it is called damaged. Nothing for a store without one.
void check_log(const std::filesystem::path& store);

}  // namespace iago

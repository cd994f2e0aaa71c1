// Whether a store is whole: the check of everything, made at each opening. Private to this room.
#pragma once

#include "store/internal/database.h"

namespace iago {

// Reads the whole file, in one snapshot. Error corrupt at the first of: a page or an index that
// SQLite's own check finds damaged; a row that does not match its seal; a row that is missing while
// another says that it must be there.
void check_sound(const Database& database);

}  // namespace iago

// Runs a fuzz target once over every file of the given folders, in the order of their names: what
// the tests do with a target's seeds, without libFuzzer. A crash, a sanitizer's report or an
// aborted check ends the program; the last line on standard error names the input.
//
//   NAME_fuzz FOLDER...
//
// Exit status 2 for a folder that cannot be read or holds no file: a test without seeds tests
// nothing.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// In a buffer of exactly the file's size, so that the sanitizer sees a read beyond it.
void replay(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw fs::filesystem_error("cannot read", file, std::error_code());
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  std::fprintf(stderr, "%s: %zu bytes\n", file.c_str(), bytes.size());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int count, char** values) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s FOLDER...\n", values[0]);
    return 2;
  }
  try {
    for (const fs::path& folder : std::vector<fs::path>(values + 1, values + count)) {
      const std::vector<fs::path> files = files_of(folder);
      if (files.empty()) {
        std::fprintf(stderr, "%s: no file in %s\n", values[0], folder.c_str());
        return 2;
      }
      for (const fs::path& file : files) replay(file);
    }
  } catch (const fs::filesystem_error& error) {
    std::fprintf(stderr, "%s: %s\n", values[0], error.what());
    return 2;
  }
  return 0;
}

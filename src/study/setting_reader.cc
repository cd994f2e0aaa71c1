// From setting.toml and block files to a checked Setting.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/toml_reader.h"
#include "study/internal/published.h"
#include "study/internal/setting_check.h"
#include "study/names.h"
#include "study/setting.h"
#include "text/utf8.h"

namespace iago {
namespace {

constexpr std::size_t kMaxSettingBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxBlockBytes = std::size_t{256} << 10;
constexpr std::size_t kMaxChannels = 8, kMaxBlocks = 1000, kMaxArms = 32, kMaxWordings = 200;
constexpr std::size_t kMaxSlots = 64, kMaxLenders = 8, kMaxContrasts = 32;

// ---- setting.toml ----

constexpr std::string_view kUnset = "unset";

std::vector<Insertion> read_insertions(TomlReader& table) {
  std::vector<Insertion> insertions;
  for (TomlReader& one : table.tables("insert")) {
    Insertion insertion{.block = one.required_text("block")};
    std::optional<std::string> before = one.text("before"), after = one.text("after");
    one.finish();
    if (before.has_value() == after.has_value()) {
      throw one.error("block", "expected one of \"before\" and \"after\", found both or none",
                      "Name a listed block, and say whether this one comes before or after it.");
    }
    insertion.side = before ? Insertion::Side::before : Insertion::Side::after;
    insertion.anchor = before ? *before : *after;
    insertions.push_back(std::move(insertion));
  }
  return insertions;
}

std::map<std::string, std::optional<bool>> read_circumstances(TomlReader& table) {
  const std::string key = "circumstances";
  std::map<std::string, std::optional<bool>> circumstances = table.flag_map(key, kUnset);
  for (const auto& [name, told] : circumstances) {
    if (is_name(name)) continue;
    throw table.error(key, fmt::format("expected names, found \"{:.100}\"", name),
                      "Letters, digits, '.', '_' and '-', for example trained_on.");
  }
  return circumstances;
}

PromptChange read_change(TomlReader& table) {
  return {.line = table.line(),
          .drop = table.texts("drop"),
          .replace = table.text_map("replace"),
          .insert = read_insertions(table),
          .parameters = table.text_map("parameters"),
          .circumstances = read_circumstances(table)};
}

// The table's own changes, then those under `only`, in the file's order.
std::vector<PromptChange> read_changes(TomlReader& table) {
  std::vector<PromptChange> changes{read_change(table)};
  for (TomlReader& only : table.tables("only")) {
    PromptChange change = read_change(only);
    change.channels = only.texts("channels");
    change.arms = only.texts("arms");
    only.finish();
    if (change.channels.empty() && change.arms.empty()) {
      throw only.error("channels", "expected channels or arms, found neither",
                       "Put changes that hold everywhere above, outside of \"only\".");
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

Channel read_channel(TomlReader table) {
  Channel channel{.name = required_name(table, "name"),
                  .description = table.text("description").value_or(""),
                  .line = table.line(),
                  .joiner = table.text("joiner").value_or("\n\n"),
                  .user_joiner = table.text("user_joiner").value_or(""),
                  .system = table.texts("system"),
                  .user = table.texts("user"),
                  .blocks_from = table.texts("blocks_from")};
  table.finish();
  if (channel.blocks_from.size() > kMaxLenders ||
      !std::ranges::all_of(channel.blocks_from, is_name)) {
    throw table.error(
        "blocks_from",
        fmt::format("expected at most {} names of other settings in the same folder", kMaxLenders));
  }
  if (channel.user.empty()) throw table.error("user", "expected at least one block, found none");
  if (channel.system.size() + channel.user.size() > kMaxSlots) {
    throw table.error("system", fmt::format("more than {} blocks", kMaxSlots));
  }
  return channel;
}

Arm read_arm(TomlReader table) {
  Arm arm{.name = required_name(table, "name"),
          .description = table.text("description").value_or(""),
          .line = table.line(),
          .needs_wording = table.texts("needs_wording"),
          .changes = read_changes(table)};
  table.finish();
  if (!table.has("circumstances")) {
    throw table.error("circumstances", "expected a table, found no such key",
                      "Say what this arm tells the subject about its situation, for example "
                      "circumstances = { trained_on = true, monitored = true }; {} if nothing.");
  }
  return arm;
}

WordingRole read_role(TomlReader& table) {
  const std::string name = table.required_text("role");
  const std::optional<WordingRole> role = wording_role_named(name);
  if (!role || *role == WordingRole::reference) {
    throw table.error(
        "role", fmt::format("expected a role, found \"{:.100}\"", name),
        "\"paraphrase\" says the same in other words, \"ablation\" says less or more, "
        "\"control\" changes the situation.");
  }
  return *role;
}

std::optional<std::string> read_tells(TomlReader& table, WordingRole role) {
  const std::optional<std::string> tells = table.text("tells");
  if (!tells) return tells;
  if (*tells != kTagOrRule) {
    throw table.error("tells",
                      fmt::format("expected \"{}\", found \"{:.100}\"", kTagOrRule, *tells),
                      "It says that this wording inverts the rule about the arms and keeps what "
                      "each arm means.");
  }
  if (role != WordingRole::control) {
    throw table.error(
        "tells", fmt::format("a wording of the role \"{}\" tells nothing of a gap", name_of(role)),
        "Make it a control, or leave this line out.");
  }
  return tells;
}

Contrast read_contrast(TomlReader table) {
  Contrast contrast{table.required_text("more"), table.required_text("less")};
  table.finish();
  return contrast;
}

Wording read_wording(TomlReader table) {
  Wording wording{.name = required_name(table, "name"),
                  .description = table.text("description").value_or(""),
                  .line = table.line(),
                  .role = read_role(table),
                  .channels = table.texts("channels"),
                  .changes = read_changes(table),
                  .prefill = table.text("prefill"),
                  .expects_scratchpad = table.boolean("expects_scratchpad"),
                  .judge = table.text("judge")};
  wording.tells = read_tells(table, wording.role);
  table.finish();
  if (wording.name == kDefaultWording) {
    throw table.error("name", "\"default\" is the wording that changes nothing and always exists",
                      "Give it another name.");
  }
  if (wording.name == kAllWordings) {
    throw table.error("name", "\"all\" means every wording", "Give it another name.");
  }
  return wording;
}

std::vector<Contrast> read_contrasts(TomlReader& file) {
  std::vector<Contrast> contrasts;
  for (const TomlReader& table : file.tables("contrast")) contrasts.push_back(read_contrast(table));
  if (contrasts.size() > kMaxContrasts) {
    throw file.error("contrast", fmt::format("more than {} of them", kMaxContrasts));
  }
  return contrasts;
}

// Reads the tables of one kind; names are unique among them.
template <typename Read>
auto read_all(TomlReader& file, const std::string& key, std::size_t most, Read read) {
  std::vector<TomlReader> tables = file.tables(key);
  if (tables.size() > most) throw file.error(key, fmt::format("more than {} of them", most));
  std::vector<decltype(read(tables[0]))> all;
  std::map<std::string, int> lines;
  for (const TomlReader& table : tables) {
    all.push_back(read(table));
    auto [first, is_new] = lines.emplace(all.back().name, table.line());
    if (!is_new) {
      throw table.error("name",
                        fmt::format("\"{}\" is already on line {}", all.back().name, first->second),
                        "Give each its own name.");
    }
  }
  return all;
}

BatteryParts read_battery(TomlReader& file) {
  std::optional<TomlReader> table = file.table("battery");
  if (!table) return {};
  BatteryParts parts{.no_scratchpad = table->text("no_scratchpad").value_or(""),
                     .no_conflict = table->text("no_conflict").value_or(""),
                     .other_lab = table->text_map("other_lab"),
                     .benign = table->text_map("benign"),
                     .preferences = table->text_map("preferences"),
                     .preference_judge = table->text("preference_judge").value_or("")};
  table->finish();
  return parts;
}

struct ReadSetting {
  Setting setting;
  PublishedTable published;
  SettingLines lines;
};

SettingLines lines_of(TomlReader& file, const PublishedTable& published) {
  SettingLines lines{.parameters = file.line_of("parameters"),
                     .parameters_from_labels = file.line_of("parameters_from_labels"),
                     .baseline = file.line_of("baseline"),
                     .published = published.line,
                     .battery = file.line_of("battery")};
  for (const TomlReader& table : file.tables("contrast")) lines.contrasts.push_back(table.line());
  return lines;
}

ReadSetting read_setting(std::string_view toml, std::string_view where) {
  TomlValue tree = parse_toml(toml, where, kMaxSettingBytes);
  TomlReader file(tree, std::string(where));
  Setting setting{.name = required_name(file, "name"),
                  .description = file.text("description").value_or(""),
                  .parameters = file.text_map("parameters"),
                  .parameters_from_labels = file.texts("parameters_from_labels"),
                  .judge = file.text("judge").value_or(""),
                  .baseline = file.text("baseline").value_or(""),
                  .contrasts = read_contrasts(file),
                  .channels = read_all(file, "channel", kMaxChannels, read_channel),
                  .arms = read_all(file, "arm", kMaxArms, read_arm),
                  .wordings = read_all(file, "wording", kMaxWordings, read_wording)};
  PublishedTable published = read_published(file);
  setting.battery = read_battery(file);
  SettingLines lines = lines_of(file, published);
  file.finish();
  if (setting.channels.empty()) throw file.error("channel", "expected at least one, found none");
  if (setting.arms.empty()) throw file.error("arm", "expected at least one, found none");
  setting.wordings.insert(
      setting.wordings.begin(),
      Wording{.name = std::string(kDefaultWording), .description = "The setting's own prompt."});
  return {std::move(setting), std::move(published), std::move(lines)};
}

// ---- Blocks ----

// A final newline of the file is not part of the block.
std::string block_text(std::string_view bytes, const std::string& where) {
  if (bytes.size() > kMaxBlockBytes) {
    throw Error(ErrorCode::invalid, fmt::format("{}: {} bytes, at most {} are read", where,
                                                bytes.size(), kMaxBlockBytes));
  }
  std::size_t nul = bytes.find('\0');
  if (nul != std::string_view::npos) {
    auto line =
        1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    throw Error(ErrorCode::invalid,
                fmt::format("{}:{}: expected text, found a NUL byte", where, line),
                "Save the file as plain UTF-8 text.");
  }
  if (!is_valid_utf8(bytes)) {
    throw Error(ErrorCode::invalid, fmt::format("{}: not UTF-8 text", where),
                "Save the file as plain UTF-8 text.");
  }
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  if (bytes.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: expected text, found an empty block", where),
                "To leave a block out, drop it in the arm or the wording.");
  }
  return std::string(bytes);
}

enum class Missing { is_an_error, is_empty };

std::map<std::string, std::string> read_block_files(const std::filesystem::path& folder,
                                                    Missing missing) {
  std::map<std::string, std::string> blocks;
  if (missing == Missing::is_empty && !std::filesystem::exists(folder)) return blocks;
  std::error_code failure;
  std::filesystem::directory_iterator files(folder, failure), end;
  if (failure) {
    throw Error(ErrorCode::not_found,
                fmt::format("{}: no such folder of block files", folder.string()),
                "Each channel has a folder with its name next to setting.toml.");
  }
  for (; files != end; files.increment(failure)) {
    const std::filesystem::path& file = files->path();
    if (file.extension() != ".txt") continue;
    if (blocks.size() == kMaxBlocks) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: more than {} block files", folder.string(), kMaxBlocks));
    }
    blocks[file.stem().string()] = block_text(read_file(file, kMaxBlockBytes), file.string());
  }
  return blocks;
}

// A rubric of the setting's own lies beside setting.toml.
void place_judge(const std::filesystem::path& folder, std::string& judge) {
  if (judge.ends_with(".toml")) judge = (folder / judge).lexically_normal().string();
}

// From a channel's folder, relative to the setting's.
using ReadBlocks =
    std::function<std::map<std::string, std::string>(const std::string& folder, Missing)>;

Setting with_blocks(Setting setting, const SettingLines& lines, const ReadBlocks& read,
                    std::string_view where) {
  for (Channel& channel : setting.channels) {
    bool has_lenders = !channel.blocks_from.empty();
    channel.blocks = read(channel.name, has_lenders ? Missing::is_empty : Missing::is_an_error);
    for (const std::string& lender : channel.blocks_from) {
      for (auto& [name, text] :
           read(fmt::format("../{}/{}", lender, channel.name), Missing::is_an_error)) {
        if (channel.blocks.emplace(name, std::move(text)).second) channel.borrowed[name] = lender;
      }
    }
  }
  check_setting(setting, lines, where);
  return setting;
}

}  // namespace

Setting load_setting(const std::filesystem::path& folder) {
  std::filesystem::path absolute = std::filesystem::absolute(folder).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // "settings/helpful-only/"
  std::filesystem::path file = absolute / "setting.toml";
  auto [setting, published, lines] = read_setting(read_file(file, kMaxSettingBytes), file.string());
  setting.folder = absolute;
  place_judge(absolute, setting.judge);
  for (Wording& wording : setting.wordings) {
    if (wording.judge) place_judge(absolute, *wording.judge);
  }
  setting.published = published_rows(
      published,
      [&](const std::string& name) {
        return BesideFile{read_file(absolute / name, kMaxSettingBytes), (absolute / name).string()};
      },
      file.string());
  return with_blocks(
      std::move(setting), lines,
      [&](const std::string& folder, Missing missing) {
        return read_block_files((absolute / folder).lexically_normal(), missing);
      },
      file.string());
}

Setting parse_setting(std::string_view toml, std::string_view where,
                      const std::map<std::string, std::string>& blocks) {
  auto [setting, published, lines] = read_setting(toml, where);
  setting.published = published_rows(
      published,
      [&](const std::string& name) {
        auto found = blocks.find(name);
        return BesideFile{found == blocks.end() ? std::string() : found->second, name};
      },
      where);
  return with_blocks(
      std::move(setting), lines,
      [&](const std::string& folder, Missing) {
        std::map<std::string, std::string> own;
        for (const auto& [path, bytes] : blocks) {
          if (!path.starts_with(folder + "/")) continue;
          own[path.substr(folder.size() + 1)] = block_text(bytes, path + ".txt");
        }
        return own;
      },
      where);
}

}  // namespace iago

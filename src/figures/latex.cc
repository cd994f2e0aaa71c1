#include "figures/latex.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "figures/figure_text.h"
#include "figures/finding_sentence.h"
#include "figures/text_table.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::array<std::pair<char, std::string_view>, 10> kEscapes = {
    {{'\\', "\\textbackslash{}"},
     {'{', "\\{"},
     {'}', "\\}"},
     {'$', "\\$"},
     {'&', "\\&"},
     {'#', "\\#"},
     {'_', "\\_"},
     {'%', "\\%"},
     {'~', "\\textasciitilde{}"},
     {'^', "\\textasciicircum{}"}}};

constexpr std::size_t kCellColumns = 200, kCaptionColumns = 2000;

std::string latex_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    line += (line.empty() ? "" : " & ") + latex_text(printable(cell, kCellColumns));
  }
  return line + " \\\\\n";
}

std::string latex_table(std::string_view caption, std::string_view label, const Rows& rows) {
  if (rows.size() < 2) return {};
  std::string text = fmt::format(
      "\\begin{{table}}\n\\centering\n\\caption{{{}}}\n\\label{{tab:{}}}\n\\begin{{tabular}}{{l{}}}"
      "\n"
      "\\toprule\n{}\\midrule\n",
      latex_text(printable(caption, kCaptionColumns)), label, std::string(rows[0].size() - 1, 'r'),
      latex_line(rows[0]));
  for (std::size_t i = 1; i < rows.size(); ++i) text += latex_line(rows[i]);
  return text + "\\bottomrule\n\\end{tabular}\n\\end{table}\n\n";
}

}  // namespace

std::string latex_text(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    bool is_escaped = false;
    for (const auto& [special, instead] : kEscapes) {
      if (c != special) continue;
      escaped += instead;
      is_escaped = true;
    }
    if (!is_escaped) escaped += c;
  }
  return escaped;
}

std::string latex_tables(const Summary& summary) {
  const std::string of = heading(summary);
  return "% \\usepackage{booktabs}\n" +
         latex_table("Arms of the reference wording. " + of + ". " + finding_sentence(summary),
                     "arms", arm_table(summary)) +
         latex_table("Contrasts of arms, in points. " + of, "contrasts", contrast_table(summary)) +
         latex_table("Wordings. " + of, "wordings", wording_table(summary));
}

}  // namespace iago

// The parts of an SVG picture that stands alone. Private to the room. Lengths in pixels.
#pragma once

#include <string>
#include <string_view>

namespace iago {

// One line of printable text, at most 80 characters, with <, > and & escaped.
std::string xml_text(std::string_view text);

// On white; the picture ends with "</svg>\n".
std::string svg_begin(double width, double height);
// `anchor`: start, middle or end.
std::string text_at(double x, double y, std::string_view anchor, std::string_view text);
std::string line_at(double x1, double y1, double x2, double y2, std::string_view colour);

}  // namespace iago

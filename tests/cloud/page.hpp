// The frame of the account's pages: plain HTML and one inline style sheet, no script, two cookies.
#pragma once

#include "tests/cloud/accounts.hpp"

namespace refcloud {

std::string escape_html(std::string_view);

/// A complete page; `content` is HTML. The header shows who is signed in.
Response page(const Call&, int status, std::string_view title, const std::string& content);
/// 303 to a path of this site.
Response redirect(std::string_view location);
/// A problem, for people.
Response problem_page(const Call&, const Problem&);

/// <input type="hidden" name="csrf" ...>
std::string csrf_field(const Call&);
std::string hidden_field(std::string_view name, std::string_view value);
/// A row of a definition list.
std::string fact(std::string_view term, std::string_view value);
/// "2026-11-23 10:00 UTC"
std::string when(Seconds);
/// The same from RFC 3339; any other text as it is.
std::string readable(const std::string& text);
/// What a store of an export or a receipt is called in words.
std::string store_title(const std::string& name);

}  // namespace refcloud

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

}  // namespace refcloud

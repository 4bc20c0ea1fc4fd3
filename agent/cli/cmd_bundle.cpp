// bundle: what somebody who helps needs to know, in one file. The agent takes out what is personal, also
// of the files that are included; nothing leaves the NAS.
#include "agent/cli/commands.hpp"
#include "agent/cli/field.hpp"
#include "agent/cli/file.hpp"

#include <algorithm>

namespace qcloud::cli {
namespace {

/// The agent takes a request of 1 MiB; JSON makes text longer.
constexpr std::size_t most_included = 700'000;

/// Bytes that are no UTF-8 would make no JSON; they become question marks.
std::string as_utf8(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    std::size_t length = byte < 0x80                   ? 1
                         : byte >= 0xc2 && byte < 0xe0 ? 2
                         : byte >= 0xe0 && byte < 0xf0 ? 3
                         : byte >= 0xf0 && byte < 0xf5 ? 4
                                                       : 0;
    bool good = length > 0 && at + length <= text.size();
    for (std::size_t i = 1; good && i < length; ++i)
      good = (static_cast<unsigned char>(text[at + i]) & 0xc0) == 0x80;
    if (good && length == 3) {
      const auto second = static_cast<unsigned char>(text[at + 1]);
      good = !(byte == 0xe0 && second < 0xa0) && !(byte == 0xed && second > 0x9f);
    }
    if (good && length == 4) {
      const auto second = static_cast<unsigned char>(text[at + 1]);
      good = !(byte == 0xf0 && second < 0x90) && !(byte == 0xf4 && second > 0x8f);
    }
    out += good ? text.substr(at, length) : "?";
    at += good ? length : 1;
  }
  return out;
}

std::int64_t lines_of(std::string_view text) {
  auto breaks = std::count(text.begin(), text.end(), '\n');
  return text.empty() || text.ends_with('\n') ? breaks : breaks + 1;
}

boost::json::object part(std::string name, std::int64_t lines, std::string_view text) {
  return {{"name", std::move(name)}, {"lines", lines}, {"bytes", text.size()}};
}

/// What is in it: each part with its lines and bytes.
boost::json::array parts_of(const boost::json::object& bundle) {
  boost::json::array out;
  for (const auto& [name, value] : bundle) {
    if (name == "attachments" || !(value.is_object() || value.is_array())) continue;
    const auto text = json_pretty(value);
    out.push_back(part(plain(name),
                       name == "log" ? static_cast<std::int64_t>(value.as_array().size()) : lines_of(text),
                       text));
  }
  for (const auto& item : list_at(bundle, "attachments")) {
    const auto text = raw_at(object_of(item), "text");
    out.push_back(part("attachment " + text_at(object_of(item), "name"), lines_of(text), text));
  }
  return out;
}

std::string parts_text(const boost::json::array& parts) {
  std::size_t wide = 4;
  for (const auto& item : parts) wide = std::max(wide, width(text_at(object_of(item), "name")));
  std::string out;
  for (const auto& item : parts)
    out += "  " + pad(text_at(object_of(item), "name"), wide) + "  " +
           count(number_at(object_of(item), "lines"), "line") + ", " +
           bytes(number_at(object_of(item), "bytes")) + "\n";
  return out;
}

}  // namespace

Exit make_bundle(Session& session) {
  boost::json::array attachments;
  std::size_t room = most_included;
  for (const auto& path : session.options.include) {
    const auto text = read_file(path, room);
    if (!text) return session.fail(text.error());
    if (text->find('\0') != std::string::npos)
      return session.fail({Exit::refused,
                           plain(path) + " is no text: what is personal in it could not be found.",
                           "Include text files only.", ""});
    room -= text->size();
    // The folder says nothing that helps, and perhaps a name.
    attachments.push_back({{"name", as_utf8(path.substr(path.rfind('/') + 1))}, {"text", as_utf8(*text)}});
  }
  const auto& path = session.options.file;
  const auto answer = session.client.post(Target("/v1/bundle"), {{"attachments", std::move(attachments)}});
  if (!answer) return session.fail(answer.error());
  const auto& bundle = object_at(*answer, "bundle");
  const auto text = json_pretty(bundle);
  if (const auto written = write_file(path, text, session.options.force); !written)
    return session.fail(written.error());
  const auto parts = parts_of(bundle);
  session.show(plain(path) + ": " + bytes(static_cast<std::int64_t>(text.size())) +
                   ", for you alone to read.\n" + parts_text(parts) +
                   "Mail addresses, accounts, names, serial numbers and secrets were removed, network "
                   "addresses\nmasked. "
                   "Nothing has left this NAS: read the file, and give it to whom you want.\n",
               {{"schema", 1}, {"file", path}, {"bytes", text.size()}, {"parts", parts}});
  return Exit::done;
}

}  // namespace qcloud::cli
